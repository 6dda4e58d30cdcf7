import type { ClusterApi } from '../../hosts/cluster/contract';
import type { VolumeSnapshot } from '../../hosts/cluster/objects';
import { retireImage } from './images';

const owner = (uid: string) => ({ apiVersion: 'v', kind: 'K', name: uid, uid });
const image = (owners: string[], labels: Record<string, string> = {}): VolumeSnapshot => ({
  ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', spec: { source: {} } },
  metadata: { name: 'image', namespace: 'shop', uid: 's', labels, ownerReferences: owners.map(owner) },
});

/** What is done about an image of resource `own`. */
async function retire(found: VolumeSnapshot | undefined): Promise<string[]> {
  const done: string[] = [];
  const api = {
    read: () => Promise.resolve(found),
    patch: () => Promise.resolve(done.push('released')),
    remove: (_reference: unknown, uid: string) => Promise.resolve(done.push(`removed ${uid}`)),
  } as unknown as ClusterApi;
  await retireImage(api, { namespace: 'shop', name: 'image' }, 'own');
  return done;
}

test('an image goes with its resource, but for one that others keep', async () => {
  expect(await retire(image(['own']))).toEqual(['removed s']);
  expect(await retire(image(['own', 'other']))).toEqual(['released']);
  expect(await retire(image(['own'], { 'volsync.backube/do-not-delete': 'yes' }))).toEqual(['released']);
});

test('one of somebody else, and one that is gone, is left alone', async () => {
  expect(await retire(image(['other']))).toEqual([]);
  expect(await retire(undefined)).toEqual([]);
});
