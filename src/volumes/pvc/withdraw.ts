/** What an agent has made in its cluster and nobody needs once the agent is gone for good. */
import type { Cluster } from '../../hosts/cluster/contract';
import { BATCH, type ClusterObject, CORE, nameObject, SNAPSHOTS } from '../../hosts/cluster/objects';
import { LABELS, labelsOf, type ObjectRole } from './names';

/** Recovery points are data. */
const STAYS: ObjectRole = 'point';

/** Jobs first: their pods use the claims. A Job's Service goes with it. */
const KINDS = [
  { apiVersion: BATCH, kind: 'Job' },
  { apiVersion: CORE, kind: 'PersistentVolumeClaim' },
  { apiVersion: SNAPSHOTS, kind: 'VolumeSnapshot' },
] as const;

/**
 * Removes whatever this agent has made for the time of a sync or another operation, and second copies of what is in stores. Does
 * not wait until it is gone. No agent of this name may run meanwhile.
 * @returns what was removed: `Job shop/tidemark-mover-…`
 */
export async function removePassing({ name, api, namespaces }: Cluster): Promise<string[]> {
  const removed: string[] = [];
  for (const kind of KINDS) {
    for (const namespace of namespaces ?? [undefined]) {
      const found = await api.list<ClusterObject>({
        ...kind,
        labels: labelsOf({ agent: name }),
        ...(namespace !== undefined && { namespace }),
      });
      for (const object of found.filter(({ metadata }) => metadata.labels?.[LABELS.role] !== STAYS)) {
        await api.remove(object, object.metadata.uid);
        removed.push(nameObject(object));
      }
    }
  }
  return removed;
}
