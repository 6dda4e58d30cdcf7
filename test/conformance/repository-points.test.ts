/** What a repository of restic promises as a target: its snapshots are recovery points, whole ones, and nobody else's business. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, chmod, cp, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Host } from '../../src/hosts/contract';
import { makeRepositoryFolder, PASSWORD, RepositoryRig } from '../support/rigs/repository-rig';
import { restic } from '../support/stores/restic';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { makeStamp, TARGET } from './volume-fixture';

let folder: string;
let remove: () => Promise<void>;
let count = 0;
let rig: RepositoryRig;

const matching = (text: string) => expect.stringContaining(text) as unknown;

beforeAll(async () => {
  ({ folder, remove } = await makeRepositoryFolder());
});
afterAll(() => remove());
beforeEach(async () => {
  rig = await RepositoryRig.make(folder, String(++count));
});

it('holds everything that a tree can have, its own folder with its mode, owner and time', async () => {
  await makeNastyTree(rig.source);
  await chmod(rig.source, 0o2751);
  const { point, stats } = await rig.sync(1);
  expect(stats.totalBytes).toBeGreaterThan(0);
  await rig.withTree(point.id, async (path) => {
    // Holes are kept by the stretch: what lies beside them in one chunk is written out.
    expect(await compareTrees(rig.source, path)).toEqual([]);
  });
  // Nothing of what was read stays.
  expect(await readdir(join(rig.host.home, 'restored', 'wiki')).catch(() => [])).toEqual([]);
});

it('takes a snapshot for a recovery point only once it is published, and publishes it once', async () => {
  await writeFile(join(rig.source, 'page'), 'one');
  await rig.send(1);
  expect(await rig.points()).toEqual([]);
  const point = await rig.publish(1, 1);
  expect(await rig.publish(1, 1)).toEqual(point);
  expect(await rig.points()).toEqual(['point-000001']);
  expect(await rig.driver.points(rig.host, rig.volume, 'wiki')).toEqual([point]);
});

it('sends what changed, wherever the frozen rig.source lies this time, and finds what is unchanged', async () => {
  await writeFile(join(rig.source, 'big'), Buffer.alloc(2 ** 22, 'a'));
  await writeFile(join(rig.source, 'page'), 'one');
  await rig.sync(1);
  await cp(rig.source, join(folder, 'frozen [1]*'), { recursive: true, preserveTimestamps: true });
  await appendFile(join(folder, 'frozen [1]*', 'page'), ' two');
  const { stats } = await rig.sync(2, { from: join(folder, 'frozen [1]*') });
  expect(stats).toMatchObject({ filesDeleted: 0, totalFiles: 3 });
  expect(stats.bytesChanged).toBeLessThan(100_000);
  const { stats: unchanged } = await rig.sync(3, { from: join(folder, 'frozen [1]*') });
  expect(unchanged).toMatchObject({ filesChanged: 0, filesDeleted: 0 });
});

it("leaves out what is Tidemark's own and what the spec excludes, from the root of the source", async () => {
  const root = join(folder, 'with [brackets]*');
  for (const name of ['.tidemark', 'lost+found', 'cache', 'deep/cache'])
    await mkdir(join(root, name), { recursive: true });
  await writeFile(join(root, 'cache', 'x'), 'x');
  await writeFile(join(root, 'deep', 'cache', 'y'), 'y');
  await writeFile(join(root, 'deep', 'z.tmp'), 'z');
  rig.volume = { ...rig.volume, options: { ...rig.volume.options, resticExclude: ['/cache', '*.tmp'] } };
  const { point } = await rig.sync(1, { from: root });
  await rig.withTree(point.id, async (path) => {
    expect((await readdir(path, { recursive: true })).toSorted()).toEqual([
      'deep',
      'deep/cache',
      'deep/cache/y',
    ]);
  });
});

it('makes no point of what it could not read, and names it', async () => {
  await writeFile(join(rig.source, 'page'), 'one');
  await rig.sync(1);
  await writeFile(join(rig.source, 'secret'), 'two', { mode: 0o600 });
  // As somebody else than root, to whom the repository belongs.
  const user = 65534;
  await promisify(execFile)('chown', ['-R', `${user}`, rig.volume.path, rig.host.home]);
  const asUser = ['setpriv', `--reuid=${user}`, '--clear-groups', '--'];
  const runner: Host = { ...rig.host, run: (argv, options) => rig.host.run([...asUser, ...argv], options) };
  await expect(rig.send(2, { runner })).rejects.toMatchObject({
    type: 'ToolFailed',
    message: 'restic could not read everything',
    details: { toolMessage: matching('secret') },
  });
  expect(JSON.parse(await restic(rig.volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(1);
});

it('stops before it loses what the guard keeps, and leaves no snapshot of that', async () => {
  for (let file = 0; file < 10; file++) await writeFile(join(rig.source, String(file)), String(file));
  await rig.sync(1);
  for (let file = 0; file < 8; file++) await rm(join(rig.source, String(file)));
  await expect(rig.send(2, { maxDeletions: 5 })).rejects.toMatchObject({
    type: 'ApprovalRequired',
    message: matching('would delete 8 entries'),
  });
  expect(JSON.parse(await restic(rig.volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(1);
  expect((await rig.sync(3, { maxDeletions: 8 })).stats.filesDeleted).toBe(8);
});

it('forgets what retention no longer keeps and what was cut off, and nothing of others', async () => {
  await writeFile(join(rig.source, 'page'), 'one');
  await rig.sync(1);
  await rig.send(2);
  await rig.sync(3);
  await restic(rig.volume.path, PASSWORD, 'backup', rig.source, '--tag', 'mine');
  await rig.driver.prune(rig.host, rig.volume, {
    relationship: 'wiki',
    removePointIds: ['point-000001', 'unknown'],
  });
  expect(await rig.points()).toEqual(['point-000003']);
  expect(JSON.parse(await restic(rig.volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(2);
});

it('removes the data of what was forgotten when that is due', async () => {
  rig.volume = { ...rig.volume, options: { ...rig.volume.options, pruneEvery: '0s' } };
  await writeFile(join(rig.source, 'big'), Buffer.alloc(2 ** 20, 'x'));
  await rig.sync(1);
  await writeFile(join(rig.source, 'big'), Buffer.alloc(10, 'y'));
  await rig.sync(2);
  const stats = async () =>
    JSON.parse(await restic(rig.volume.path, PASSWORD, 'stats', '--mode', 'raw-data', '--json')) as {
      total_uncompressed_size: number;
    };
  const before = await stats();
  await rig.driver.prune(rig.host, rig.volume, { relationship: 'wiki', removePointIds: ['point-000001'] });
  expect((await stats()).total_uncompressed_size).toBeLessThan(before.total_uncompressed_size);
});

it('notes with a point that it was verified, and that it was found to be damaged', async () => {
  await writeFile(join(rig.source, 'page'), 'one');
  const { point } = await rig.sync(1);
  await rig.driver.markVerified(rig.host, rig.volume, 'wiki', point.id, '2026-11-29T12:00:00.000Z');
  expect(await rig.driver.points(rig.host, rig.volume, 'wiki')).toEqual([
    { ...point, verifiedAt: '2026-11-29T12:00:00.000Z' },
  ]);
  await rig.driver.markVerified(rig.host, rig.volume, 'wiki', point.id, null);
  expect(await rig.driver.points(rig.host, rig.volume, 'wiki')).toEqual([point]);
});

it('is found damaged where its bytes are not what they were, and says so', async () => {
  await writeFile(join(rig.source, 'big'), randomBytes(2 ** 20));
  const { point } = await rig.sync(1);
  const packs = await readdir(join(rig.volume.path, 'data'), { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    packs
      .filter((each) => each.isFile())
      .map(async (each) => {
        const path = join(each.parentPath, each.name);
        return { path, size: (await stat(path)).size };
      }),
  );
  const [largest] = sizes.toSorted((one, other) => other.size - one.size);
  const pack = await open(largest?.path ?? '', 'r+');
  await pack.write(Buffer.alloc(64, 'x'), 0, 64, 1000);
  await pack.close();
  await expect(rig.withTree(point.id, () => Promise.resolve())).rejects.toMatchObject({
    type: 'VerificationFailed',
    message: 'the repository is damaged',
  });
});

it('is written to by the newest primary alone', async () => {
  await writeFile(join(rig.source, 'page'), 'one');
  await rig.sync(1, { epoch: 3 });
  await expect(rig.driver.check(rig.host, rig.volume, { ...TARGET, epoch: 2 })).rejects.toMatchObject({
    type: 'Fenced',
  });
  await rig.driver.check(rig.host, rig.volume, { ...TARGET, epoch: 4 });
  await rig.driver.check(rig.host, rig.volume, { ...TARGET, relationship: 'other', epoch: 1 });
});

it('says that a point needs room to be read, and of whom nothing runs here', async () => {
  await writeFile(join(rig.source, 'page'), 'one');
  const { stats } = await rig.sync(1);
  await rig.driver.publish(rig.host, rig.volume, {
    ...{ relationship: 'wiki', method: 'Snapshot', stamp: makeStamp(1, { files: stats.totalFiles }) },
  });
  await expect(rig.driver.promote(rig.host, rig.volume, TARGET)).rejects.toMatchObject({
    details: { hint: matching('tidemark restore') },
  });
  await expect(rig.withTree('point-000009', () => Promise.resolve())).rejects.toMatchObject({
    type: 'PointMissing',
  });
});
