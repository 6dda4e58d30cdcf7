/** What a bucket promises as a target, on each kind of store: whole states, everything of every file, and its own names for others. */
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { STORE_NAMES, useBuckets } from '../support/rigs/bucket-rig';
import { sample } from '../support/sample';
import { rclone } from '../support/stores/rclone';
import { compareTrees } from '../support/trees/compare-trees';
import { describeEntries, listPoint } from '../support/trees/list-point';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { makeStamp, TARGET } from './volume-fixture';

describe.each(sample(STORE_NAMES, 1))('in a store that is %s', (store) => {
  const stage = useBuckets(store);
  const source = (...names: string[]) => join(stage.rig.source, ...names);
  const matching = (text: string) => expect.stringContaining(text) as unknown;
  /** As anybody else reads it. */
  const read = async (key: string): Promise<string> =>
    stage.served
      ? await rclone(stage.folder, stage.served.config, 'cat', `${stage.rig.volume.path}/${key}`)
      : await readFile(join(stage.rig.volume.path, key), 'utf8');
  const keys = async (): Promise<string[]> => {
    const listed = await rclone(
      stage.folder,
      stage.served?.config ?? '',
      'lsf',
      '-R',
      '--files-only',
      stage.rig.volume.path,
    );
    return listed
      .split('\n')
      .filter((key) => key !== '')
      .toSorted();
  };
  const write = (key: string, text: string) =>
    writeFile(join(stage.folder, 'strange'), text).then(() =>
      rclone(
        stage.folder,
        stage.served?.config ?? '',
        'copyto',
        '--ignore-times',
        join(stage.folder, 'strange'),
        `${stage.rig.volume.path}/${key}`,
      ),
    );

  it('holds everything that a tree can have, its own folder with its mode, owner and time', async () => {
    await makeNastyTree(source());
    await chmod(source(), 0o2751);
    const { point, stats } = await stage.rig.sync(1);
    expect(stats.totalBytes).toBeGreaterThan(0);
    await stage.rig.withTree(point.id, async (path) => {
      expect(await compareTrees(source(), path)).toEqual([]);
    });
    expect(await readdir(join(stage.rig.host.home, 'read', 'wiki')).catch(() => [])).toEqual([]);
  });

  it('tells what each point holds, by its manifest, with checksums, and fetches no file for that', async () => {
    await makeNastyTree(source());
    const { point } = await stage.rig.sync(1);
    const expected = await describeEntries(source());
    await writeFile(source('page'), 'one');
    const newer = await stage.rig.sync(2);
    const found = await listPoint(stage.rig, point);
    for (const entry of found.values()) {
      if (entry.type === 'file') expect(entry.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      delete entry.digest;
    }
    expect(found).toEqual(expected);
    expect([...(await listPoint(stage.rig, newer.point, { folder: 'page' })).keys()]).toEqual(['page']);
    expect(await readdir(join(stage.rig.host.home, 'read')).catch(() => [])).toEqual([]);
  });

  it('shows the newest state at its own names, to whoever reads it', async () => {
    await mkdir(source('deep'));
    await writeFile(source('deep', 'page one'), 'one');
    await stage.rig.sync(1);
    expect(await read('deep/page one')).toBe('one');
    await writeFile(source('deep', 'page one'), 'two');
    await stage.rig.sync(2);
    expect(await read('deep/page one')).toBe('two');
  });

  it('takes a state for a recovery point only once it is published, and publishes it once', async () => {
    await writeFile(source('page'), 'one');
    await stage.rig.send(1);
    expect(await stage.rig.points()).toEqual([]);
    const point = await stage.rig.publish(1, 2);
    expect(await stage.rig.publish(1, 2)).toEqual(point);
    expect(await stage.rig.driver.points(stage.rig.host, stage.rig.volume, 'wiki')).toEqual([point]);
  });

  it('sends what changed and nothing else, and keeps each earlier state whole', async () => {
    const states: string[] = [];
    const keep = async (sequence: number) => {
      const { point, stats } = await stage.rig.sync(sequence);
      await cp(source(), join(stage.folder, `${store}-${sequence}`), {
        recursive: true,
        preserveTimestamps: true,
        verbatimSymlinks: true,
      });
      states.push(point.id);
      return stats;
    };
    await writeFile(source('big'), Buffer.alloc(2 ** 20, 'a'));
    await writeFile(source('page'), 'one');
    await mkdir(source('becomes-file'));
    await writeFile(source('becomes-file', 'x'), 'x');
    await writeFile(source('becomes-folder'), 'y');
    await keep(1);
    await appendFile(source('page'), ' two');
    expect((await keep(2)).bytesSent).toBe(7);
    await rm(source('becomes-file'), { recursive: true });
    await writeFile(source('becomes-file'), 'x');
    await rm(source('becomes-folder'));
    await mkdir(source('becomes-folder'));
    await writeFile(source('becomes-folder', 'y'), 'y');
    await rename(source('big'), source('large'));
    await keep(3);
    await rm(source('large'));
    await writeFile(source('page'), 'one');
    await keep(4);
    // A time alone is no content: nothing is sent.
    await utimes(source('page'), 1, 2);
    expect((await keep(5)).bytesSent).toBe(0);
    expect(await stage.rig.sync(6)).toMatchObject({ stats: { filesChanged: 0, bytesSent: 0 } });
    for (const [index, id] of states.entries())
      await stage.rig.withTree(id, async (path) => {
        const differences = await compareTrees(join(stage.folder, `${store}-${index + 1}`), path, {
          times: false,
        });
        expect({ id, differences }).toEqual({ id, differences: [] });
      });
  });

  it('forgets points and keeps what others need, until it is no longer read', async () => {
    stage.rig.volume = { ...stage.rig.volume, options: { ...stage.rig.volume.options, keepReplaced: '0s' } };
    const contents = ['a', 'b', 'b', 'c', 'c'];
    for (const [index, content] of contents.entries()) {
      await writeFile(source('page'), content);
      await writeFile(source('always'), 'always');
      await writeFile(source(`only-${index}`), String(index));
      if (index > 0) await rm(source(`only-${index - 1}`));
      await stage.rig.sync(index + 1);
    }
    const left = ['point-000003', 'point-000005'];
    await stage.rig.prune(['point-000001', 'point-000002', 'point-000004']);
    expect(await stage.rig.points()).toEqual(left);
    for (const [id, page] of [
      ['point-000003', 'b'],
      ['point-000005', 'c'],
    ] as const)
      await stage.rig.withTree(id, async (path) => {
        expect(await readFile(join(path, 'page'), 'utf8')).toBe(page);
        expect(await readFile(join(path, 'always'), 'utf8')).toBe('always');
      });
    await stage.rig.prune(['point-000003']);
    const kept = (await keys()).filter((key) => key.startsWith('.tidemark/kept/'));
    expect(kept).toEqual([]);
    expect((await keys()).filter((key) => key.startsWith('.tidemark/states/'))).toHaveLength(1);
  });

  it('puts right what others did to it, and keeps what they put there out of the way', async () => {
    await writeFile(source('page'), 'mine');
    await writeFile(source('gone'), 'here');
    await stage.rig.sync(1);
    // A store may tell times in whole seconds, and nothing of contents.
    await sleep(1_100);
    await write('page', 'hers');
    await write('strange', 'not of the source');
    await rclone(stage.folder, stage.served?.config ?? '', 'deletefile', `${stage.rig.volume.path}/gone`);
    const { point } = await stage.rig.sync(2);
    expect(await read('page')).toBe('mine');
    expect((await keys()).filter((key) => !key.startsWith('.tidemark/')).toSorted()).toEqual([
      'gone',
      'page',
    ]);
    await stage.rig.withTree(point.id, async (path) => {
      expect((await readdir(path)).toSorted()).toEqual(['gone', 'page']);
    });
    expect((await keys()).some((key) => key.endsWith('/strange'))).toBe(true);
  });

  it('says of a point that is damaged that it is, and gives none of it away', async () => {
    await writeFile(source('page'), 'one');
    const { point } = await stage.rig.sync(1);
    await write('page', 'odd');
    await expect(stage.rig.withTree(point.id, () => Promise.resolve())).rejects.toMatchObject({
      type: 'VerificationFailed',
      details: { toolMessage: 'page' },
    });
  });

  it('finds a manifest that is damaged in the store, though this host has a copy, and the next sync writes one', async () => {
    const { rig } = stage;
    await writeFile(source('page'), 'one');
    const { point } = await rig.sync(1);
    const [manifest = ''] = (await keys()).filter((key) => key.startsWith('.tidemark/states/'));
    await write(manifest, 'nobody can read this');
    await expect(
      rig.driver.markVerified(rig.host, rig.volume, 'wiki', point.id, new Date().toISOString()),
    ).rejects.toMatchObject({ type: 'VerificationFailed', message: matching('is damaged') });
    const second = await rig.sync(2);
    await rig.driver.markVerified(rig.host, rig.volume, 'wiki', second.point.id, new Date().toISOString());
    const points = await rig.driver.points(rig.host, rig.volume, 'wiki');
    expect(points.map(({ verifiedAt }) => verifiedAt !== undefined && verifiedAt !== null)).toEqual([
      false,
      true,
    ]);
  });

  it('refuses more deletions than allowed, and leaves everything as it was', async () => {
    for (let index = 0; index < 10; index++) await writeFile(source(`page-${index}`), String(index));
    const { point } = await stage.rig.sync(1);
    const before = await keys();
    for (let index = 0; index < 5; index++) await rm(source(`page-${index}`));
    await expect(stage.rig.send(2, { maxDeletions: 4 })).rejects.toMatchObject({
      type: 'ApprovalRequired',
      message: matching('would delete 5'),
    });
    expect(await keys()).toEqual(before);
    await stage.rig.withTree(point.id, async (path) => expect(await readdir(path)).toHaveLength(10));
  });

  it('lets no earlier primary write, and no other relationship', async () => {
    await writeFile(source('page'), 'one');
    await stage.rig.sync(1, { epoch: 2 });
    await expect(stage.rig.send(2, { epoch: 1 })).rejects.toMatchObject({ type: 'Fenced' });
    const { driver, host, volume } = stage.rig;
    await expect(driver.claim(host, volume, { ...TARGET, relationship: 'other' })).rejects.toMatchObject({
      type: 'Fenced',
      message: matching('belongs to relationship wiki'),
    });
  });

  it('is read as a source: the newest state, proved, and only what is new is fetched', async () => {
    await makeNastyTree(source());
    await stage.rig.sync(1);
    const { driver, host, volume } = stage.rig;
    const request = {
      relationship: 'reader',
      syncId: 'reader-1',
      method: 'Snapshot',
      mover: { rsync: {} },
    } as const;
    const first = await driver.capture(host, volume, request as never);
    expect(await compareTrees(source(), first.path)).toEqual([]);
    expect(first).toMatchObject({ live: false, capturedAt: makeStamp(1).capturedAt });
    await writeFile(source('new page'), 'new');
    await symlink('new page', source('new link'));
    await stage.rig.sync(2);
    const second = await driver.capture(host, volume, request as never);
    expect(second.path).toBe(first.path);
    expect(await compareTrees(source(), second.path)).toEqual([]);
    // Broken off as the tree is changed, it is of two states: nobody compares with that.
    const live = { of: 'live', orFrozen: true } as const;
    const use = { relationship: 'reader', target: 'copy', syncId: 'reader-2' };
    await (await driver.reach(host, volume, live, use)).close();
    await writeFile(source('last page'), 'last');
    await stage.rig.sync(3);
    const run: typeof host.run = (argv, options) =>
      argv[0] === 'cp' ? Promise.reject(new Error('the host is switched off')) : host.run(argv, options);
    await expect(driver.capture({ ...host, run }, volume, request as never)).rejects.toThrow('switched off');
    await expect(driver.reach(host, volume, live, use)).rejects.toMatchObject({ type: 'NotReady' });
    await driver.capture(host, volume, request as never);
    await (await driver.reach(host, volume, live, use)).close();
  });
});
