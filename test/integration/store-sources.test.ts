/** Stores that are read as sources: a repository of restic, whoever wrote to it, and a bucket, as they were at a time. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RelationshipInput } from '../../src/model/spec';
import { addRcloneToPath } from '../support/stores/rclone';
import { addResticToPath, restic, writeCredentials } from '../support/stores/restic';
import { TestSystem } from '../support/system/system';
import { applyAndSync, syncNow, syncWell } from '../support/system/user';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

jest.setTimeout(180_000);

const PASSWORD = 'correct horse, battery';

let folder: string;
let system: TestSystem;
const at = (...names: string[]) => join(folder, ...names);

const reading = (source: object, to: string): RelationshipInput['spec'] => ({
  source: { host: 'beta', ...source },
  targets: [{ host: 'beta', directory: at(to) }],
});

beforeAll(async () => {
  addResticToPath();
  addRcloneToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-store-sources-'));
  await writeCredentials(at('credentials'), 'wiki', { RESTIC_PASSWORD: PASSWORD });
  const options = ['--credentials', at('credentials')];
  system = await TestSystem.start({ agents: { alpha: { options }, beta: { options } } });
  await makeNastyTree(at('source'));
});
afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

const times: string[] = [];

it('brings what another relationship has written into a volume, everything of every file', async () => {
  const record = await applyAndSync(system, 'wiki', {
    source: { host: 'alpha', directory: at('source') },
    targets: [{ repository: at('repository'), credentials: 'wiki' }, { bucket: at('bucket') }],
  });
  expect(record.targets.map(({ name, failure }) => ({ name, failure }))).toEqual([
    { name: 'repository', failure: undefined },
    { name: 'bucket', failure: undefined },
  ]);
  times.push(record.capturedAt ?? '');
  const ofRepository = await applyAndSync(
    system,
    'by-restic',
    reading({ repository: at('repository'), credentials: 'wiki' }, 'by-restic'),
  );
  expect(ofRepository.targets[0]).toMatchObject({
    result: 'succeeded',
    point: { capturedAt: record.capturedAt },
  });
  const ofBucket = await applyAndSync(system, 'by-rclone', reading({ bucket: at('bucket') }, 'by-rclone'));
  expect(ofBucket.targets[0]).toMatchObject({
    result: 'succeeded',
    point: { capturedAt: record.capturedAt },
  });
  for (const copy of ['by-restic', 'by-rclone'])
    expect(await compareTrees(at('source'), at(copy))).toEqual([]);
});

it('brings the state of a time, and of so many before it', async () => {
  await writeFile(at('source', 'page'), 'second');
  times.push((await syncWell(system, 'wiki')).capturedAt ?? '');
  await writeFile(at('source', 'page'), 'third');
  await syncWell(system, 'wiki');
  for (const store of [{ repository: at('repository'), credentials: 'wiki' }, { bucket: at('bucket') }]) {
    await applyAndSync(system, 'past', reading({ ...store, restoreAsOf: times[1] ?? '' }, 'past'));
    expect(await readFile(at('past', 'page'), 'utf8')).toBe('second');
    await applyAndSync(system, 'past', reading({ ...store, previous: 2 }, 'past'));
    expect(await readdir(at('past'))).not.toContain('page');
  }
});

it('fails where nothing fits, and leaves the target as it was', async () => {
  const before = (await readdir(at('past'))).toSorted();
  for (const store of [{ repository: at('repository'), credentials: 'wiki' }, { bucket: at('bucket') }]) {
    const record = await applyAndSync(
      system,
      'past',
      reading({ ...store, restoreAsOf: '2001-01-01T00:00:00Z' }, 'past'),
    );
    expect(record.targets[0]?.failure).toMatchObject({
      type: 'PointMissing',
      message: expect.stringContaining('as of 2001') as unknown,
    });
    expect((await readdir(at('past'))).toSorted()).toEqual(before);
  }
});

it('reads what others backed up by restic, from what they backed up; and asks whose where there are several', async () => {
  await mkdir(at('data'));
  await writeFile(at('data', 'hers'), 'by another tool');
  await restic(at('theirs'), PASSWORD, 'init');
  await restic(at('theirs'), PASSWORD, 'backup', '--host=volsync', at('data'));
  const source = { repository: at('theirs'), credentials: 'wiki' };
  await applyAndSync(system, 'theirs', reading(source, 'from-theirs'));
  expect(
    await readdir(at('from-theirs')).then((names) => names.filter((name) => name !== '.tidemark')),
  ).toEqual(['hers']);
  await restic(at('theirs'), PASSWORD, 'backup', '--host=other', at('source'));
  const asked = await syncNow(system, 'theirs');
  expect(asked.targets[0]?.failure).toMatchObject({
    type: 'InvalidSpec',
    hint: expect.stringContaining('snapshotsOf') as unknown,
  });
  const record = await applyAndSync(
    system,
    'theirs',
    reading({ ...source, snapshotsOf: 'volsync' }, 'from-theirs'),
  );
  expect(record.targets[0]).toMatchObject({ result: 'succeeded', stats: { filesChanged: 0 } });
});

it('is no source that could be failed over from, and says what to do', async () => {
  const refused = await system.cli(['failover', 'by-restic', '--yes']);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('a store that others write to');
});
