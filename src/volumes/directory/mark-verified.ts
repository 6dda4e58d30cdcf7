import type { Host } from '../../hosts/contract';
import type { Instant, Volume } from '../../model/records';
import { withVerified } from '../shared/points';
import { findReadyPlace } from './place';
import { findRecord, writePoint } from './points';
import { forgetReplica } from './replica';

/** `markVerified` of the volume contract. */
export async function markVerified(
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
  at: Instant | null,
): Promise<void> {
  const place = await findReadyPlace(host, volume);
  const record = await findRecord(place, relationship, pointId);
  // Its files may be shared with the newest tree, and would be with the next.
  if (at === null) await forgetReplica(place, relationship);
  await writePoint(place, relationship, { ...record, point: withVerified(record.point, at) });
}
