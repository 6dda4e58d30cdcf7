import type { ClusterApi, Selection } from '../../hosts/cluster/contract';
import type { ClusterObject, ObjectReference } from '../../hosts/cluster/objects';
import { removeLeftovers } from './leftovers';
import type { VolSyncResource } from './resource';

const owner = (uid: string) => [{ apiVersion: 'v', kind: 'k', name: 'db', uid }];
const job = (name: string, metadata: Partial<ClusterObject['metadata']>): ClusterObject => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name, ...metadata } },
});
const THERE: ClusterObject[] = [
  job('theirs', { ownerReferences: owner('u') }),
  job('ours', { ownerReferences: owner('u'), labels: { 'app.kubernetes.io/managed-by': 'tidemark' } }),
  job('others', { ownerReferences: owner('other') }),
  job('nobodys', {}),
  {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    metadata: { name: 'volsync-db-src', labels: { 'volsync.backube/cleanup': 'u' } },
  },
  {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    metadata: { name: 'volsync-other-src', labels: { 'volsync.backube/cleanup': 'other' } },
  },
];

async function remove(kind: VolSyncResource['kind']): Promise<string[]> {
  const removed: string[] = [];
  const api = {
    list: ({ kind: wanted, labels = {} }: Selection) =>
      Promise.resolve(
        THERE.filter(({ kind: each, metadata }) => {
          const isLabelled = Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value);
          return each === wanted && isLabelled;
        }),
      ),
    remove: ({ metadata }: ObjectReference) => Promise.resolve(void removed.push(metadata.name)),
  } as unknown as ClusterApi;
  const metadata = { name: 'db', namespace: 'shop', uid: 'u' };
  await removeLeftovers(api, { apiVersion: 'volsync.backube/v1alpha1', kind, metadata });
  return removed;
}

test('the mover of whoever served a destination before goes, and nobody else’s', async () => {
  expect(await remove('ReplicationDestination')).toEqual(['theirs']);
});

test('of a source, what was frozen for a sync that was cut off goes too', async () => {
  expect(await remove('ReplicationSource')).toEqual(['theirs', 'volsync-db-src']);
});
