/**
 * The source goes away in the middle of a sync: unmounted, or renamed. Nothing at the target is
 * deleted, no recovery point lacks files, the error says what is wrong, and the sync completes by
 * itself once the source is back.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ErrorType } from '../../src/model/errors';
import { eventually, TestSystem } from '../support/system/system';
import { Watched } from './watched';
import { describeTree } from './world';

const exec = promisify(execFile);

let system: TestSystem;
const mounted = new Set<string>();

beforeAll(async () => {
  system = await TestSystem.start();
}, 60_000);

afterAll(async () => {
  for (const path of mounted) await unmount(path);
  await system.stop();
}, 60_000);

/** A filesystem that can go and come back with what is on it: a folder, mounted in another place. */
async function mount(disk: string, path: string): Promise<void> {
  await exec('mount', ['--bind', disk, path]);
  mounted.add(path);
}

/** At once, whoever still uses it. */
async function unmount(path: string): Promise<void> {
  await exec('umount', ['--lazy', path]);
  mounted.delete(path);
}

/** Folders of files, so that the sender has many to open when the source goes away. */
async function addFiles(root: string, prefix: string): Promise<void> {
  for (let folder = 0; folder < 6; folder++) {
    await mkdir(join(root, `${prefix}-${folder}`));
    for (let file = 0; file < 20; file++)
      await writeFile(join(root, `${prefix}-${folder}`, `file${file}`), randomBytes(100_000));
  }
}

async function apply({ name, source, target }: Watched, mustBeMounted: boolean): Promise<void> {
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${name} }
spec:
  source: { host: alpha, directory: ${source}, mustBeMounted: ${mustBeMounted} }
  targets: [{ host: beta, directory: ${target}, copyMethod: HardLink }]
  mover: { rsync: { bandwidthLimit: 5MiB } }
`);
}

/** Waits until a part of the new files, and not all of them, is over. */
async function untilHalfWritten({ target }: Watched): Promise<void> {
  await eventually('some of the new files are over', async () =>
    (await readdir(target)).some((name) => name === 'new-1') ? true : undefined,
  );
}

interface Going {
  goAway: () => Promise<void>;
  comeBack: () => Promise<void>;
  /** Looked at while the source is away. */
  whileAway?: () => Promise<void>;
  expected: ErrorType;
}

/** Makes the source go away in the middle of a sync, and accounts for everything. */
async function expectNothingLost(watched: Watched, { goAway, comeBack, whileAway, expected }: Going) {
  await watched.expectCurrent(await watched.untilSucceeded(0));
  const old = [...(await describeTree(watched.source)).keys()];
  const points = [...(await watched.points()).keys()];
  await addFiles(watched.source, 'new');
  const before = await watched.requestSync();
  await untilHalfWritten(watched);
  await goAway();
  // The sync that was running, and one that began while the source was away.
  await watched.untilFailed(expected);
  const { sequence } = await watched.status();
  await watched.until('another one has failed', (status) => status.sequence > sequence && !status.operation);
  await whileAway?.();
  const error = (await watched.get()).targets[0]?.lastError ?? '';
  expect(error.split(':')[0]).toBe(expected);
  expect(error).toContain('host alpha');
  expect(error).toMatch(/What to do: .*mount/);
  const held = new Set((await describeTree(watched.target)).keys());
  expect(old.filter((path) => !held.has(path))).toEqual([]);
  expect([...(await watched.points()).keys()]).toEqual(points);
  await watched.expectPointsIntact();
  await comeBack();
  await watched.expectCurrent(await watched.untilSucceeded(before));
  expect(await watched.errorTypes()).toEqual([expected]);
}

test.each([
  ['that must be mounted', true],
  ['that need not be mounted', false],
])(
  'a source %s and is unmounted in the middle deletes nothing, and its bare mount point is no source',
  async (_what, mustBeMounted) => {
    const name = mustBeMounted ? 'must' : 'may';
    const folder = join(system.folder, name);
    const [disk, source] = [join(folder, 'disk'), join(folder, 'source')];
    for (const path of [disk, source]) await mkdir(path, { recursive: true });
    await mount(disk, source);
    await addFiles(source, 'old');
    const watched = new Watched(system, name, source, join(folder, 'copies', 'target'));
    await apply(watched, mustBeMounted);
    await expectNothingLost(watched, {
      goAway: () => unmount(source),
      whileAway: async () => expect(await readdir(source)).toEqual([]),
      comeBack: () => mount(disk, source),
      expected: 'NotMounted',
    });
  },
  120_000,
);

test('a source in a filesystem that is unmounted in the middle deletes nothing', async () => {
  const folder = join(system.folder, 'inside');
  const [disk, mountPoint] = [join(folder, 'disk'), join(folder, 'mounted')];
  for (const path of [disk, mountPoint]) await mkdir(path, { recursive: true });
  await mount(disk, mountPoint);
  const source = join(mountPoint, 'data');
  await mkdir(source);
  await addFiles(source, 'old');
  const watched = new Watched(system, 'inside', source, join(folder, 'copies', 'target'));
  await apply(watched, false);
  await expectNothingLost(watched, {
    goAway: () => unmount(mountPoint),
    whileAway: async () => expect(await readdir(mountPoint)).toEqual([]),
    comeBack: () => mount(disk, mountPoint),
    expected: 'VolumeMissing',
  });
}, 120_000);

test('a source that is renamed away in the middle deletes nothing', async () => {
  const folder = join(system.folder, 'renamed');
  const source = join(folder, 'source');
  await mkdir(source, { recursive: true });
  await addFiles(source, 'old');
  const watched = new Watched(system, 'renamed', source, join(folder, 'copies', 'target'));
  await apply(watched, false);
  await expectNothingLost(watched, {
    goAway: () => rename(source, `${source}-elsewhere`),
    comeBack: () => rename(`${source}-elsewhere`, source),
    expected: 'VolumeMissing',
  });
}, 120_000);

test('a source that is removed in the middle deletes nothing, and an empty one in its place waits for an approval', async () => {
  const folder = join(system.folder, 'removed');
  const source = join(folder, 'source');
  await mkdir(source, { recursive: true });
  await addFiles(source, 'old');
  const watched = new Watched(system, 'removed', source, join(folder, 'copies', 'target'));
  await apply(watched, false);
  await watched.expectCurrent(await watched.untilSucceeded(0));
  const old = await describeTree(watched.target);
  await addFiles(source, 'new');
  await watched.requestSync();
  await untilHalfWritten(watched);
  await rm(source, { recursive: true });
  await watched.untilFailed('VolumeMissing');
  await mkdir(source);
  const status = await watched.until(
    'an approval is asked for',
    ({ phase }) => phase === 'WaitingForApproval',
  );
  expect(status.approval?.reason).toContain('the source is empty');
  const held = await describeTree(watched.target);
  expect([...old.keys()].filter((path) => !held.has(path))).toEqual([]);
  await watched.expectPointsIntact();
  expect(await watched.describe()).toContain('If that is meant: tidemark approve removed');
}, 120_000);
