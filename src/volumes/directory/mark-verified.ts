import { withVerified } from '../shared/points';
import { findReadyPlace } from './place';
import { findRecord, writePoint } from './points';
import { forgetReplica } from './replica';
import type { VolumeDriver } from '../contract';

/** `markVerified` of the volume contract. */
export const markVerified: VolumeDriver['markVerified'] = async (host, volume, relationship, pointId, at) => {
  const place = await findReadyPlace(host, volume);
  const record = await findRecord(place, relationship, pointId);
  // Its files may be shared with the newest tree, and would be with the next.
  if (at === null) await forgetReplica(place, relationship);
  await writePoint(place, relationship, { ...record, point: withVerified(record.point, at) });
};
