import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { MoverSchema } from '../../src/model/spec';
import { zfsDriver } from '../../src/volumes/zfs';
import { TestPool } from '../support/storage/zfs';
import { makeZfsStorage } from '../support/storage/zfs-storage';
import { describeSnapshotVolume } from './snapshot-volume-suite';

describeSnapshotVolume('a ZFS dataset', makeZfsStorage);

test('a state tells which sync made it, and what keeping it costs', async () => {
  const pool = await TestPool.make();
  const host = makeLocalHost({ name: 'by-hand', home: tmpdir() });
  const volume = { kind: 'zfs' as const, path: pool.dataset('wiki') };
  const mover = MoverSchema.parse({ zfs: {} });
  const write = () => writeFile(join(pool.folderOf('wiki'), 'page'), randomBytes(2 * 1024 ** 2));
  const capture = (syncId: string) =>
    zfsDriver.capture(host, volume, { relationship: 'wiki', syncId, method: 'Snapshot', mover });
  try {
    await pool.zfs('create', volume.path);
    await write();
    await capture('wiki-000001');
    await write();
    await capture('wiki-000002');
    await pool.zfs('snapshot', `${volume.path}@monday`);
    const states = await zfsDriver.states(host, volume, 'wiki');
    expect(states.map(({ syncId }) => syncId)).toEqual(['wiki-000001', 'wiki-000002', undefined]);
    expect(states[0]?.bytes).toBeGreaterThan(2 * 1024 ** 2 - 1);
    expect(states[1]?.bytes).toBeLessThan(1024 ** 2);
    expect(states[2]?.bytes).toBeUndefined();
  } finally {
    await pool.dispose();
  }
});
