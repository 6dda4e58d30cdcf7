/** What a repository of restic promises as a target: its snapshots are recovery points, whole ones, and nobody else's business. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, chmod, cp, mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCredentials } from '../../src/hosts/credentials';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import type { Landings } from '../../src/landings/contract';
import type { Claim, Volume } from '../../src/model/records';
import type { TransferRequest } from '../../src/movers/contract';
import { reachHere } from '../../src/movers/reach';
import { makeVolumes, type Volumes } from '../../src/volumes/registry';
import { addResticToPath, restic, writeCredentials } from '../support/stores/restic';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { makeStamp, TARGET } from './volume-fixture';

const PASSWORD = 'correct horse, battery';
const MOVER = { restic: {} };
const opensNothing = () => Promise.reject(new Error('nothing is opened'));
const NO_LANDINGS: Landings = { open: opensNothing, close: opensNothing, sweep: opensNothing };

let folder: string;
let count = 0;
let host: Host;
let volumes: Volumes;
let volume: Volume;
let source: string;

const matching = (text: string) => expect.stringContaining(text) as unknown;
const driver = () => volumes.driverFor('repository');
const mover = () => volumes.moverFor(MOVER);

beforeAll(async () => {
  addResticToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-repository-'));
  await chmod(folder, 0o755);
  await writeCredentials(join(folder, 'credentials'), 'good', { RESTIC_PASSWORD: PASSWORD });
  await writeCredentials(join(folder, 'credentials'), 'bad', { RESTIC_PASSWORD: 'a guess' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  const at = join(folder, String(++count));
  source = join(at, 'source');
  await mkdir(source, { recursive: true });
  host = {
    ...makeLocalHost({ name: 'alpha', home: join(at, 'home') }),
    credentials: makeCredentials('alpha', join(folder, 'credentials')),
  };
  volumes = makeVolumes(host);
  volume = { kind: 'repository', path: join(at, 'repository'), options: { credentials: 'good' } };
});

const idOf = (sequence: number) => ({
  relationship: 'wiki',
  target: 'repository',
  syncId: makeStamp(sequence).syncId,
});

interface SendOptions extends Partial<Pick<TransferRequest, 'maxDeletions'>> {
  epoch?: number;
  /** Where the source is this time, and who reads it. */
  from?: string;
  runner?: Host;
}

/** Brings the source into the repository, without publishing it. */
async function send(
  sequence: number,
  { from = source, runner = host, epoch = 1, ...more }: SendOptions = {},
) {
  const id = idOf(sequence);
  const claim: Claim = { ...TARGET, epoch };
  await driver().claim(host, volume, claim);
  const opened = await mover().receive(host, NO_LANDINGS, {
    ...{ id, reach: reachHere(host, volume.path), volume, offer: { publicKey: '', told: {} } },
    ...{ writeMode: 'delayed', mover: MOVER, expiresAt: '' },
  });
  return await mover().transfer(host, {
    ...{ id, reach: reachHere(runner, from), opened, mover: MOVER, told: {}, writeMode: 'delayed', ...more },
    capture: { syncId: id.syncId, method: 'Direct', path: from, live: true },
    remembered: { epoch },
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

/** The same, as one sync does it. */
async function sync(sequence: number, options?: SendOptions) {
  const stats = await send(sequence, options);
  const point = await publish(sequence, stats.totalFiles);
  return { stats, point };
}
const publish = (sequence: number, files: number) =>
  driver().publish(host, volume, {
    ...{ relationship: 'wiki', method: 'Snapshot', stamp: makeStamp(sequence, { files }) },
  });
const points = async () => (await driver().points(host, volume, 'wiki')).map(({ id }) => id);

/** Works on the tree of a point. */
async function withTree<T>(pointId: string, work: (path: string) => Promise<T>): Promise<T> {
  const state = { of: 'point', relationship: 'wiki', pointId } as const;
  const reach = await driver().reach(host, volume, state, idOf(99));
  try {
    return await work(reach.path);
  } finally {
    await reach.close();
  }
}

it('holds everything that a tree can have, its own folder with its mode, owner and time', async () => {
  await makeNastyTree(source);
  await chmod(source, 0o2751);
  const { point, stats } = await sync(1);
  expect(stats.totalBytes).toBeGreaterThan(0);
  await withTree(point.id, async (path) => {
    // Holes are kept by the stretch: what lies beside them in one chunk is written out.
    expect(await compareTrees(source, path)).toEqual([]);
  });
  // Nothing of what was read stays.
  expect(await readdir(join(host.home, 'restored', 'wiki')).catch(() => [])).toEqual([]);
});

it('takes a snapshot for a recovery point only once it is published, and publishes it once', async () => {
  await writeFile(join(source, 'page'), 'one');
  await send(1);
  expect(await points()).toEqual([]);
  const point = await publish(1, 1);
  expect(await publish(1, 1)).toEqual(point);
  expect(await points()).toEqual(['point-000001']);
  expect(await driver().points(host, volume, 'wiki')).toEqual([point]);
});

it('sends what changed, wherever the frozen source lies this time, and finds what is unchanged', async () => {
  await writeFile(join(source, 'big'), Buffer.alloc(2 ** 22, 'a'));
  await writeFile(join(source, 'page'), 'one');
  await sync(1);
  await cp(source, join(folder, 'frozen [1]*'), { recursive: true, preserveTimestamps: true });
  await appendFile(join(folder, 'frozen [1]*', 'page'), ' two');
  const { stats } = await sync(2, { from: join(folder, 'frozen [1]*') });
  expect(stats).toMatchObject({ filesDeleted: 0, totalFiles: 2 });
  expect(stats.bytesChanged).toBeLessThan(100_000);
  const { stats: unchanged } = await sync(3, { from: join(folder, 'frozen [1]*') });
  expect(unchanged).toMatchObject({ filesChanged: 0, filesDeleted: 0 });
});

it("leaves out what is Tidemark's own and what the spec excludes, from the root of the source", async () => {
  const root = join(folder, 'with [brackets]*');
  for (const name of ['.tidemark', 'lost+found', 'cache', 'deep/cache'])
    await mkdir(join(root, name), { recursive: true });
  await writeFile(join(root, 'cache', 'x'), 'x');
  await writeFile(join(root, 'deep', 'cache', 'y'), 'y');
  await writeFile(join(root, 'deep', 'z.tmp'), 'z');
  volume = { ...volume, options: { ...volume.options, resticExclude: ['/cache', '*.tmp'] } };
  const { point } = await sync(1, { from: root });
  await withTree(point.id, async (path) => {
    expect((await readdir(path, { recursive: true })).toSorted()).toEqual([
      'deep',
      'deep/cache',
      'deep/cache/y',
    ]);
  });
});

it('makes no point of what it could not read, and names it', async () => {
  await writeFile(join(source, 'page'), 'one');
  await sync(1);
  await writeFile(join(source, 'secret'), 'two', { mode: 0o600 });
  // As somebody else than root, to whom the repository belongs.
  const user = 65534;
  await promisify(execFile)('chown', ['-R', `${user}`, volume.path, host.home]);
  const asUser = ['setpriv', `--reuid=${user}`, '--clear-groups', '--'];
  const runner: Host = { ...host, run: (argv, options) => host.run([...asUser, ...argv], options) };
  await expect(send(2, { runner })).rejects.toMatchObject({
    type: 'ToolFailed',
    message: 'restic could not read everything',
    details: { toolMessage: matching('secret') },
  });
  expect(JSON.parse(await restic(volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(1);
});

it('stops before it loses what the guard keeps, and leaves no snapshot of that', async () => {
  for (let file = 0; file < 10; file++) await writeFile(join(source, String(file)), String(file));
  await sync(1);
  for (let file = 0; file < 8; file++) await rm(join(source, String(file)));
  await expect(send(2, { maxDeletions: 5 })).rejects.toMatchObject({
    type: 'ApprovalRequired',
    message: matching('would delete 8 entries'),
  });
  expect(JSON.parse(await restic(volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(1);
  expect((await sync(3, { maxDeletions: 8 })).stats.filesDeleted).toBe(8);
});

it('forgets what retention no longer keeps and what was cut off, and nothing of others', async () => {
  await writeFile(join(source, 'page'), 'one');
  await sync(1);
  await send(2);
  await sync(3);
  await restic(volume.path, PASSWORD, 'backup', source, '--tag', 'mine');
  await driver().prune(host, volume, { relationship: 'wiki', removePointIds: ['point-000001', 'unknown'] });
  expect(await points()).toEqual(['point-000003']);
  expect(JSON.parse(await restic(volume.path, PASSWORD, 'snapshots', '--json'))).toHaveLength(2);
});

it('removes the data of what was forgotten when that is due', async () => {
  volume = { ...volume, options: { ...volume.options, pruneEvery: '0s' } };
  await writeFile(join(source, 'big'), Buffer.alloc(2 ** 20, 'x'));
  await sync(1);
  await writeFile(join(source, 'big'), Buffer.alloc(10, 'y'));
  await sync(2);
  const stats = async () =>
    JSON.parse(await restic(volume.path, PASSWORD, 'stats', '--mode', 'raw-data', '--json')) as {
      total_uncompressed_size: number;
    };
  const before = await stats();
  await driver().prune(host, volume, { relationship: 'wiki', removePointIds: ['point-000001'] });
  expect((await stats()).total_uncompressed_size).toBeLessThan(before.total_uncompressed_size);
});

it('notes with a point that it was verified, and that it was found to be damaged', async () => {
  await writeFile(join(source, 'page'), 'one');
  const { point } = await sync(1);
  await driver().markVerified(host, volume, 'wiki', point.id, '2026-11-29T12:00:00.000Z');
  expect(await driver().points(host, volume, 'wiki')).toEqual([
    { ...point, verifiedAt: '2026-11-29T12:00:00.000Z' },
  ]);
  await driver().markVerified(host, volume, 'wiki', point.id, null);
  expect(await driver().points(host, volume, 'wiki')).toEqual([point]);
});

it('is found damaged where its bytes are not what they were, and says so', async () => {
  await writeFile(join(source, 'big'), randomBytes(2 ** 20));
  const { point } = await sync(1);
  const packs = await readdir(join(volume.path, 'data'), { recursive: true, withFileTypes: true });
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
  await expect(withTree(point.id, () => Promise.resolve())).rejects.toMatchObject({
    type: 'VerificationFailed',
    message: 'the repository is damaged',
  });
});

it('is given up soon where its store does not answer', async () => {
  const away: Volume = { ...volume, path: 'rest:http://127.0.0.1:9/wiki' };
  const startedAt = performance.now();
  await expect(driver().inspect(host, away)).rejects.toMatchObject({
    type: 'HostUnreachable',
    details: { toolMessage: matching('connection refused'), hint: matching('resumes by itself') },
  });
  // restic itself goes on for a quarter of an hour.
  expect(performance.now() - startedAt).toBeLessThan(60_000);
});

it('shows its keys to no other store than the one that they are for', async () => {
  const only = { RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: '/srv/restic' };
  await writeCredentials(join(folder, 'credentials'), 'only', only);
  const other: Volume = { ...volume, options: { credentials: 'only' } };
  await expect(driver().inspect(host, other)).rejects.toMatchObject({
    type: 'AuthRejected',
    message: 'credentials only are for /srv/restic alone',
  });
  const beside: Volume = {
    kind: 'repository',
    path: '/srv/restic-of-others',
    options: { credentials: 'only' },
  };
  await expect(driver().inspect(host, beside)).rejects.toMatchObject({ type: 'AuthRejected' });
});

it('has no credentials that others may read', async () => {
  await writeCredentials(join(folder, 'credentials'), 'open', { RESTIC_PASSWORD: PASSWORD });
  await chmod(join(folder, 'credentials', 'open'), 0o640);
  const other: Volume = { ...volume, options: { credentials: 'open' } };
  await expect(driver().inspect(host, other)).rejects.toMatchObject({
    type: 'AuthRejected',
    details: { hint: matching('chmod 600') },
  });
});

it('is written to by the newest primary alone', async () => {
  await writeFile(join(source, 'page'), 'one');
  await sync(1, { epoch: 3 });
  await expect(driver().check(host, volume, { ...TARGET, epoch: 2 })).rejects.toMatchObject({
    type: 'Fenced',
  });
  await driver().check(host, volume, { ...TARGET, epoch: 4 });
  await driver().check(host, volume, { ...TARGET, relationship: 'other', epoch: 1 });
});

it('tells a repository that is missing from a password that is wrong, and never makes a second one', async () => {
  expect(await driver().inspect(host, volume)).toMatchObject({ exists: false });
  expect(await points()).toEqual([]);
  await driver().claim(host, volume, TARGET);
  expect(await driver().inspect(host, volume)).toMatchObject({ exists: true, empty: true });
  volumes = makeVolumes(host);
  const wrong = { ...volume, path: `${volume.path}/`, options: { credentials: 'bad' } };
  await expect(driver().claim(host, wrong, TARGET)).rejects.toMatchObject({
    type: 'AuthRejected',
    message: 'the password does not open the repository',
  });
  const none: Volume = { kind: 'repository', path: `${volume.path}/.` };
  await expect(driver().inspect(host, none)).rejects.toMatchObject({
    type: 'AuthRejected',
    message: matching('password'),
  });
});

it('is not kept by a lock whose owner is dead, and waits for one who lives', async () => {
  await writeFile(join(source, 'page'), 'one');
  const { point } = await sync(1);
  const holdLock = () =>
    new Promise<ReturnType<typeof spawn>>((done) => {
      // An exclusive lock for as long as it reads its standard input.
      const child = spawn('restic', ['--repo', volume.path, 'backup', '--stdin', '--json'], {
        env: { ...process.env, RESTIC_PASSWORD: PASSWORD },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      child.stdout?.once('data', () => done(child));
      child.stdin?.write('x');
    });
  const dead = await holdLock();
  const gone = new Promise((done) => dead.once('exit', done));
  dead.kill('SIGKILL');
  await gone;
  await driver().prune(host, volume, { relationship: 'wiki', removePointIds: [] });
  await driver().markVerified(host, volume, 'wiki', point.id, '2026-11-29T12:00:00.000Z');
  const living = await holdLock();
  try {
    await expect(driver().markVerified(host, volume, 'wiki', point.id, null)).rejects.toMatchObject({
      type: 'VolumeBusy',
    });
  } finally {
    const ended = new Promise((done) => living.once('exit', done));
    living.kill('SIGKILL');
    await ended;
  }
});

it('says that a point needs room to be read, and of whom nothing runs here', async () => {
  await writeFile(join(source, 'page'), 'one');
  const { stats } = await sync(1);
  await driver().publish(host, volume, {
    ...{ relationship: 'wiki', method: 'Snapshot', stamp: makeStamp(1, { files: stats.totalFiles }) },
  });
  await expect(driver().promote(host, volume, TARGET)).rejects.toMatchObject({
    details: { hint: matching('tidemark restore') },
  });
  await expect(withTree('point-000009', () => Promise.resolve())).rejects.toMatchObject({
    type: 'PointMissing',
  });
});
