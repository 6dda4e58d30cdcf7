/** Writable copies of recovery points, for drills: claims of their own, which a service can be started on. */
import type { Volume } from '../../model/records';
import type { PersistentVolumeClaim } from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import type { Clone } from '../contract';
import { checkName, makeError } from '../shared/tools';
import { labelValue, objectName } from './names';
import { discardClaim, listClaimsOf } from './own-objects';
import { findPlace, findReadyPlace, modeOf, type ReadyPlace, referTo } from './place';
import { makeClaimOf } from './point-copy';
import { findRecord } from './points';
import type { MoverPods } from './pods';

const CLONE_LABEL = 'tidemark.dev/clone';

/** `clone` of the volume contract. */
export async function clone(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  { relationship, pointId, cloneId }: { relationship: string; pointId: string; cloneId: string },
): Promise<Clone> {
  const place = await findReadyPlace(host, volume);
  const { cluster, namespace } = place;
  const name = objectName('clone', volume.path, relationship, checkName(place, cloneId));
  const made: Clone = { path: `${namespace}/${name}`, how: 'Snapshot' };
  const there = await cluster.api.read<PersistentVolumeClaim>(
    referTo('PersistentVolumeClaim', namespace, name),
  );
  // It needs its point no more.
  if (there?.status?.phase === 'Bound' && there.metadata.deletionTimestamp === undefined) return made;
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
  const labels = { [CLONE_LABEL]: labelValue(cloneId) };
  const claim = await makeClaimOf(place, snapshot, name, 'clone', relationship, labels);
  if (claim.status?.phase !== 'Bound') await fill(pods, place, name);
  return made;
}

/** Of a class that waits for a claim's first pod: until it had one, the point can't go. */
async function fill(pods: MoverPods, place: ReadyPlace, claimName: string): Promise<void> {
  const request = { place, claimName, mode: modeOf(place.pvc), readOnly: false };
  const { giveBack } = await pods.use(request);
  giveBack();
  await pods.end(place.namespace, claimName);
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
    await discardClaim(pods, place, claim);
  }
}
