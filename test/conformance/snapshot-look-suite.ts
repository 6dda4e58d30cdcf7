/** What is told of the content of points whose storage freezes by snapshots of its own. */
import { makeFiles, type SnapshotStorage } from '../support/storage/snapshot-storage';
import { describeEntries, listPoint } from '../support/trees/list-point';
import { makeStamp, type Stage } from './volume-fixture';

export function describeLooks(storage: SnapshotStorage, stage: Stage): void {
  it('tell what they hold, and the live replica what it holds', async () => {
    const { host, volume } = stage;
    const { driver } = storage;
    const root = await storage.pathOf(volume);
    await makeFiles(root);
    const expected = await describeEntries(root);
    const request = { relationship: 'wiki', stamp: makeStamp(1), method: 'Snapshot' } as const;
    const point = await driver.publish(host, volume, request);
    const at = { host, volume, driver };
    expect(await listPoint(at, point)).toEqual(expected);
    const folder = await listPoint(at, point, { folder: 'folder', deep: false });
    expect([...folder.keys()].toSorted()).toEqual([
      'folder',
      ...['inner', 'link', 'name with\nline break', 'second name'].map((name) => `folder/${name}`),
    ]);
    expect(await listPoint(at, undefined)).toEqual(expected);
    expect((await listPoint(at, point, { folder: 'folder/link/x' })).size).toBe(0);
  });
}
