/** What a repository of restic promises as a target: its snapshots are recovery points, whole ones, and nobody else's business. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Host } from '../../src/hosts/contract';
import { PASSWORD, useRepositories } from '../support/rigs/repository-rig';
import { damagePack, restic } from '../support/stores/restic';
import { compareTrees } from '../support/trees/compare-trees';
import { describeEntries, listPoint } from '../support/trees/list-point';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { makeStamp, TARGET } from './volume-fixture';

const stage = useRepositories();
const byPath = (one: { path: string }, other: { path: string }) => (one.path < other.path ? -1 : 1);
const matching = (text: string) => expect.stringContaining(text) as unknown;

it('holds everything that a tree can have, and all of its own folder', async () => {
  await makeNastyTree(stage.rig.source);
  await chmod(stage.rig.source, 0o2751);
  const run = (...argv: string[]) => promisify(execFile)(argv[0] ?? '', [...argv.slice(1), stage.rig.source]);
  await run('setfacl', '-m', 'u:4711:rwx,d:u:4711:rwx');
  await run('setfattr', '-n', 'user.folder', '-v', 'grüße');
  await run('chown', '4713:4714');
  const { point, stats } = await stage.rig.sync(1);
  expect(stats.totalBytes).toBeGreaterThan(0);
  await stage.rig.withTree(point.id, async (path) => {
    // Holes are kept by the stretch: what lies beside them in one chunk is written out.
    expect(await compareTrees(stage.rig.source, path)).toEqual([]);
  });
  // Nothing of what was read stays.
  expect(await readdir(join(stage.rig.host.home, 'restored', 'wiki')).catch(() => [])).toEqual([]);
});

it('tells what a point holds, as restic knows it, and restores nothing for that', async () => {
  await makeNastyTree(stage.rig.source);
  const { point } = await stage.rig.sync(1);
  const expected = await describeEntries(stage.rig.source);
  const found = await listPoint(stage.rig, point);
  // restic tells names as text, and not where symlinks lead, nor what they are called by whom.
  const isText = (path: string) => !path.includes(String.raw`\#`) && !path.includes('\uFFFD');
  const asTold = [...expected.values()].filter(({ path }) => isText(path));
  expect(asTold.length).toBeGreaterThan(40);
  expect([...found.values()].filter(({ path }) => isText(path)).toSorted(byPath)).toEqual(
    asTold.map(({ target: _unknown, ...entry }) => entry).toSorted(byPath),
  );
  const folder = await listPoint(stage.rig, point, { folder: 'folder', deep: false });
  const names = [...expected.keys()].filter((path) => isText(path) && /^folder(\/[^/]+)?$/.test(path));
  expect([...folder.keys()].filter(isText).toSorted()).toEqual(names.toSorted());
  expect((await listPoint(stage.rig, point, { folder: 'no such' })).size).toBe(0);
  expect(await readdir(join(stage.rig.host.home, 'restored')).catch(() => [])).toEqual([]);
});

it('takes a snapshot for a recovery point only once it is published, and publishes it once', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await stage.rig.send(1);
  expect(await stage.rig.points()).toEqual([]);
  const point = await stage.rig.publish(1, 1);
  expect(await stage.rig.publish(1, 1)).toEqual(point);
  expect(await stage.rig.points()).toEqual(['point-000001']);
  expect(await stage.rig.driver.points(stage.rig.host, stage.rig.volume, 'wiki')).toEqual([point]);
});

it('sends what changed, wherever the frozen stage.rig.source lies this time, and finds what is unchanged', async () => {
  await writeFile(join(stage.rig.source, 'big'), Buffer.alloc(2 ** 22, 'a'));
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await stage.rig.sync(1);
  await cp(stage.rig.source, join(stage.folder, 'frozen [1]*'), {
    recursive: true,
    preserveTimestamps: true,
  });
  await appendFile(join(stage.folder, 'frozen [1]*', 'page'), ' two');
  const { stats } = await stage.rig.sync(2, { from: join(stage.folder, 'frozen [1]*') });
  expect(stats).toMatchObject({ filesDeleted: 0, totalFiles: 3 });
  expect(stats.bytesChanged).toBeLessThan(100_000);
  const { stats: unchanged } = await stage.rig.sync(3, { from: join(stage.folder, 'frozen [1]*') });
  expect(unchanged).toMatchObject({ filesChanged: 0, filesDeleted: 0 });
});

it("leaves out what is Tidemark's own and what the spec excludes, from the root of the source", async () => {
  const root = join(stage.folder, 'with [brackets]*');
  for (const name of ['.tidemark', 'lost+found', 'cache', 'deep/cache'])
    await mkdir(join(root, name), { recursive: true });
  await writeFile(join(root, 'cache', 'x'), 'x');
  await writeFile(join(root, 'deep', 'cache', 'y'), 'y');
  await writeFile(join(root, 'deep', 'z.tmp'), 'z');
  stage.rig.volume = {
    ...stage.rig.volume,
    options: { ...stage.rig.volume.options, resticExclude: ['/cache', '*.tmp'] },
  };
  const { point } = await stage.rig.sync(1, { from: root });
  await stage.rig.withTree(point.id, async (path) => {
    expect((await readdir(path, { recursive: true })).toSorted()).toEqual([
      'deep',
      'deep/cache',
      'deep/cache/y',
    ]);
  });
});

it('makes no point of what it could not read, and names it', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await stage.rig.sync(1);
  await writeFile(join(stage.rig.source, 'secret'), 'two', { mode: 0o600 });
  // As somebody else than root, to whom the repository belongs.
  const user = 65534;
  await promisify(execFile)('chown', ['-R', `${user}`, stage.rig.volume.path, stage.rig.host.home]);
  const asUser = ['setpriv', `--reuid=${user}`, '--clear-groups', '--'];
  const runner: Host = {
    ...stage.rig.host,
    run: (argv, options) => stage.rig.host.run([...asUser, ...argv], options),
  };
  await expect(stage.rig.send(2, { runner })).rejects.toMatchObject({
    type: 'ToolFailed',
    message: 'restic could not read everything',
    details: { toolMessage: matching('secret') },
  });
  expect(JSON.parse(await restic(stage.rig.volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(1);
});

it('stops before it loses what the guard keeps, and leaves no snapshot of that', async () => {
  for (let file = 0; file < 10; file++) await writeFile(join(stage.rig.source, String(file)), String(file));
  await stage.rig.sync(1);
  for (let file = 0; file < 8; file++) await rm(join(stage.rig.source, String(file)));
  await expect(stage.rig.send(2, { maxDeletions: 5 })).rejects.toMatchObject({
    type: 'ApprovalRequired',
    message: matching('would delete 8 entries'),
  });
  expect(JSON.parse(await restic(stage.rig.volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(1);
  expect((await stage.rig.sync(3, { maxDeletions: 8 })).stats.filesDeleted).toBe(8);
});

it('forgets what retention no longer keeps and what was cut off, and nothing of others', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await stage.rig.sync(1);
  await stage.rig.send(2);
  await stage.rig.sync(3);
  await restic(stage.rig.volume.path, PASSWORD, 'backup', stage.rig.source, '--tag', 'mine');
  await stage.rig.driver.prune(stage.rig.host, stage.rig.volume, {
    relationship: 'wiki',
    removePointIds: ['point-000001', 'unknown'],
  });
  expect(await stage.rig.points()).toEqual(['point-000003']);
  expect(JSON.parse(await restic(stage.rig.volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(2);
});

it('may forget after it has answered: nobody is shown what goes, and what failed is told by the next time', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await stage.rig.sync(1);
  await stage.rig.sync(2);
  const { driver, host, volume } = stage.rig;
  const request = { relationship: 'wiki', removePointIds: ['point-000001'], later: true };
  const run: Host['run'] = (argv, options) =>
    argv.includes('forget') ? Promise.reject(new Error('lost')) : host.run(argv, options);
  await driver.prune({ ...host, run }, volume, request);
  expect(await stage.rig.points()).toEqual(['point-000001', 'point-000002']);
  await expect(driver.prune({ ...host, run }, volume, request)).rejects.toThrow('lost');
  await driver.prune(host, volume, request);
  expect(await stage.rig.points()).toEqual(['point-000002']);
  expect(JSON.parse(await restic(volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(1);
});

it('removes the data of what was forgotten when that is due', async () => {
  stage.rig.volume = { ...stage.rig.volume, options: { ...stage.rig.volume.options, pruneEvery: '0s' } };
  await writeFile(join(stage.rig.source, 'big'), Buffer.alloc(2 ** 20, 'x'));
  await stage.rig.sync(1);
  await writeFile(join(stage.rig.source, 'big'), Buffer.alloc(10, 'y'));
  await stage.rig.sync(2);
  const stats = async () =>
    JSON.parse(await restic(stage.rig.volume.path, PASSWORD, 'stats', '--mode', 'raw-data', '--json')) as {
      total_uncompressed_size: number;
    };
  const before = await stats();
  await stage.rig.driver.prune(stage.rig.host, stage.rig.volume, {
    relationship: 'wiki',
    removePointIds: ['point-000001'],
  });
  expect((await stats()).total_uncompressed_size).toBeLessThan(before.total_uncompressed_size);
});

it('notes with a point that it was verified, and that it was found to be damaged', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  const { point } = await stage.rig.sync(1);
  await stage.rig.driver.markVerified(
    stage.rig.host,
    stage.rig.volume,
    'wiki',
    point.id,
    '2026-11-29T12:00:00.000Z',
  );
  expect(await stage.rig.driver.points(stage.rig.host, stage.rig.volume, 'wiki')).toEqual([
    { ...point, verifiedAt: '2026-11-29T12:00:00.000Z' },
  ]);
  await stage.rig.driver.markVerified(stage.rig.host, stage.rig.volume, 'wiki', point.id, null);
  expect(await stage.rig.driver.points(stage.rig.host, stage.rig.volume, 'wiki')).toEqual([point]);
});

it('is found damaged where its bytes are not what they were, and says so', async () => {
  await writeFile(join(stage.rig.source, 'big'), randomBytes(2 ** 20));
  const { point } = await stage.rig.sync(1);
  await damagePack(stage.rig.volume.path);
  await expect(stage.rig.withTree(point.id, () => Promise.resolve())).rejects.toMatchObject({
    type: 'VerificationFailed',
    message: 'the repository is damaged',
  });
});

it('is not called verified where this host alone still has what its folders are made of', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  const { point } = await stage.rig.sync(1);
  const cached = await readdir(join(stage.rig.host.scratch, 'restic-cache'), { recursive: true });
  const pack = cached.find((path) => /\/data\/..\/[0-9a-f]{64}$/.test(path)) ?? '';
  const path = join(stage.rig.volume.path, pack.slice(pack.indexOf('data/')));
  await chmod(path, 0o600);
  await writeFile(path, 'nothing that restic knows');
  // From its cache, this host can still read it.
  await stage.rig.withTree(point.id, () => Promise.resolve());
  await expect(
    stage.rig.driver.markVerified(
      stage.rig.host,
      stage.rig.volume,
      'wiki',
      point.id,
      '2026-11-30T12:00:00.000Z',
    ),
  ).rejects.toMatchObject({ type: 'VerificationFailed' });
});

it('is written to by the newest primary alone', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await stage.rig.sync(1, { epoch: 3 });
  await expect(
    stage.rig.driver.check(stage.rig.host, stage.rig.volume, { ...TARGET, epoch: 2 }),
  ).rejects.toMatchObject({
    type: 'Fenced',
  });
  await stage.rig.driver.check(stage.rig.host, stage.rig.volume, { ...TARGET, epoch: 4 });
  await stage.rig.driver.check(stage.rig.host, stage.rig.volume, {
    ...TARGET,
    relationship: 'other',
    epoch: 1,
  });
});

it('says that a point needs room to be read, and of whom nothing runs here', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  const { stats } = await stage.rig.sync(1);
  await stage.rig.driver.publish(stage.rig.host, stage.rig.volume, {
    ...{ relationship: 'wiki', method: 'Snapshot', stamp: makeStamp(1, { files: stats.totalFiles }) },
  });
  await expect(stage.rig.driver.promote(stage.rig.host, stage.rig.volume, TARGET)).rejects.toMatchObject({
    details: { hint: matching('tidemark restore') },
  });
  await expect(stage.rig.withTree('point-000009', () => Promise.resolve())).rejects.toMatchObject({
    type: 'PointMissing',
  });
});
