/** Writable copies of recovery points, for drills: claims of their own, which a service can be started on. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { Clone } from '../contract';
import { makeError } from '../shared/tools';
import { removeClaim } from './copies';
import { labelValue, objectName } from './names';
import { findPlace, findReadyPlace } from './place';
import { listClaimsOf, makeClaimOf } from './point-copy';
import { findRecord } from './points';
import type { MoverPods } from './pods';

const CLONE_LABEL = 'tidemark.dev/clone';

/** `clone` of the volume contract. */
export async function clone(
  host: Host,
  volume: Volume,
  { relationship, pointId, cloneId }: { relationship: string; pointId: string; cloneId: string },
): Promise<Clone> {
  const place = await findReadyPlace(host, volume);
  const { snapshot } = await findRecord(place, relationship, pointId);
  if (!snapshot) {
    throw makeError(
      place,
      'UnsupportedCapture',
      'Direct keeps no recovery point apart from the live replica',
      {
        hint: 'use copyMethod Snapshot at this target, and sync once',
      },
    );
  }
  const name = objectName('clone', volume.path, relationship, cloneId);
  const labels = { [CLONE_LABEL]: labelValue(cloneId) };
  await makeClaimOf(place, snapshot, name, 'clone', relationship, labels);
  return { path: `${place.namespace}/${name}`, how: 'Snapshot' };
}

/** `removeClones` of the volume contract. */
export async function removeClones(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  { relationship, keepCloneIds }: { relationship: string; keepCloneIds: readonly string[] },
): Promise<void> {
  const place = await findPlace(host, volume);
  const kept = keepCloneIds.map(labelValue);
  for (const claim of await listClaimsOf(place, 'clone', relationship)) {
    if (kept.includes(claim.metadata.labels?.[CLONE_LABEL] ?? '')) continue;
    await pods.drop(place.namespace, claim.metadata.name);
    await removeClaim(place, claim);
  }
}
