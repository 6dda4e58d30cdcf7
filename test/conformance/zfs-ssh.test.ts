/** That streams need nothing but the hosts' own tools either; what movers promise is in their suites. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFiles, makeFiles, type SnapshotStorage } from '../support/snapshot-storage';
import { SnapshotRig } from '../support/snapshot-rig';
import { makeSshHosts } from '../support/ssh-host';
import { makeZfsStorage } from '../support/zfs-storage';

let storage: SnapshotStorage;

beforeAll(async () => {
  storage = await makeZfsStorage();
});
afterAll(() => storage.dispose());

it('sends everything, and then what changed since, between hosts reached over SSH', async () => {
  const rig = await SnapshotRig.make(storage, makeSshHosts);
  try {
    const root = await storage.pathOf(rig.volume);
    await makeFiles(root);
    expect((await rig.sync()).plan).toMatchObject({ how: 'full' });
    await writeFile(join(root, 'file'), 'changed');
    expect((await rig.sync()).plan).toMatchObject({ how: 'incremental', into: 'replica' });
    expect(await describeFiles(await storage.pathOf(rig.replica.volume))).toBe(await describeFiles(root));
  } finally {
    await rig.dispose();
  }
});
