/** Recovery points and their clones are all or nothing, at whatever moment the agent that makes them is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import type { PointMethod, Volume } from '../../src/model/records';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { makeFolderFixture } from '../support/storage/directory-fixtures';
import type { DriverCall } from '../support/programs/call-driver';
import { sample } from '../support/sample';
import { makeStamp, TARGET, type VolumeFixture } from './volume-fixture';
import { pointPath } from '../support/trees/point-path';

/** So often each is killed; `TIDEMARK_CHAOS_ROUNDS` says otherwise. */
const ROUNDS = Number(process.env.TIDEMARK_CHAOS_ROUNDS ?? 2);
const LONGEST_MS = 60_000 + ROUNDS * 40_000;
const PROGRAM = resolve(__dirname, '../support/programs/call-driver.ts');
const TYPESCRIPT = resolve(__dirname, '../support/run-typescript.cjs');

/** Calls the driver in a process of its own; kills that after `killAfterMs`. Answers how long it ran. */
async function callElsewhere(input: DriverCall, killAfterMs?: number): Promise<number> {
  const argv = ['--require', TYPESCRIPT, PROGRAM, JSON.stringify(input)];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  const begin = performance.now();
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await exited;
  clearTimeout(timer);
  return performance.now() - begin;
}

async function fill(volume: Volume, round: number): Promise<void> {
  for (let folder = 0; folder < 10; folder++) {
    const path = join(volume.path, `folder-${folder}`);
    await mkdir(path, { recursive: true });
    for (let file = 0; file < 40; file++) {
      // A third of the files changes in each round.
      const version = (folder + file + round) % 3 === 0 ? round : 0;
      await writeFile(join(path, `file-${file}`), `${version} `.repeat(500));
    }
  }
}

async function killAtRandom({ driver }: VolumeFixture, volume: Volume, method: PointMethod): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'tidemark-killed-'));
  const host = makeLocalHost({ name: 'alpha', home });
  const states = new Map<string, string[]>();
  const expectWholePoints = async () => {
    for (const { id } of await driver.points(host, volume, 'wiki')) {
      expect(await describeTree(await pointPath(driver, host, volume, 'wiki', id))).toEqual(states.get(id));
    }
  };
  try {
    await driver.claim(host, volume, TARGET);
    let duration = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      await fill(volume, round);
      const stamp = makeStamp(round);
      const request = { relationship: 'wiki', stamp, method };
      states.set(stamp.id, await describeTree(volume.path));
      // The first one is left to its end: its time is what the others are killed within.
      const killAfterMs = round === 0 ? undefined : Math.random() * duration;
      const elapsed = await callElsewhere([home, 'publish', volume, request], killAfterMs);
      duration ||= elapsed;
      await expectWholePoints();
      const point = await driver.publish(host, volume, request);
      expect(
        await compareTrees(volume.path, await pointPath(driver, host, volume, 'wiki', point.id)),
      ).toEqual([]);
      const before = await driver.points(host, volume, 'wiki');
      const removePointIds = before.slice(0, -2).map(({ id }) => id);
      await driver.prune(host, volume, { relationship: 'wiki', removePointIds });
      await expectWholePoints();
      const trees = dirname(await pointPath(driver, host, volume, 'wiki', point.id));
      const left = (await driver.points(host, volume, 'wiki')).map(({ identity }) => identity);
      expect((await readdir(trees)).sort()).toEqual([...left].sort());
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Goes back and forth between two points, killed at random moments. */
async function killRollbacks({ driver }: VolumeFixture, volume: Volume, method: PointMethod): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'tidemark-killed-'));
  const host = makeLocalHost({ name: 'alpha', home });
  try {
    await driver.claim(host, volume, TARGET);
    const trees: string[] = [];
    for (const sequence of [1, 2]) {
      await fill(volume, sequence);
      await writeFile(join(volume.path, `only in ${sequence}`), 'x');
      const request = { relationship: 'wiki', stamp: makeStamp(sequence), method };
      const { id } = await driver.publish(host, volume, request);
      trees.push(await pointPath(driver, host, volume, 'wiki', id));
    }
    const before = await Promise.all(trees.map((tree) => describeTree(tree)));
    let duration = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      const request = { relationship: 'wiki', pointId: makeStamp((round % 2) + 1).id };
      const killAfterMs = round === 0 ? undefined : Math.random() * duration;
      const elapsed = await callElsewhere([home, 'rollback', volume, request], killAfterMs);
      duration ||= elapsed;
      await driver.rollback(host, volume, request);
      expect(await compareTrees(trees[round % 2] ?? '', volume.path)).toEqual([]);
      expect(await Promise.all(trees.map((tree) => describeTree(tree)))).toEqual(before);
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Clones one point again and again, killed at random moments, while others want it pruned. */
async function killClones({ driver }: VolumeFixture, volume: Volume, method: PointMethod): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'tidemark-killed-'));
  const host = makeLocalHost({ name: 'alpha', home });
  const relationship = 'wiki';
  try {
    await driver.claim(host, volume, TARGET);
    await fill(volume, 1);
    const stamp = makeStamp(1);
    await driver.publish(host, volume, { relationship, stamp, method });
    const tree = await pointPath(driver, host, volume, relationship, stamp.id);
    const before = await describeTree(tree);
    let duration = 0;
    let path = '';
    for (let round = 0; round <= ROUNDS; round++) {
      const request = { relationship, pointId: stamp.id, cloneId: `drill-${round}` };
      const killAfterMs = round === 0 ? undefined : Math.random() * duration;
      const elapsed = await callElsewhere([home, 'clone', volume, request], killAfterMs);
      duration ||= elapsed;
      // Every other one is never asked for again.
      if (round % 2 === 1) continue;
      ({ path } = await driver.clone(host, volume, request));
      expect(await describeTree(path)).toEqual(before);
    }
    await driver.removeClones(host, volume, { relationship, keepCloneIds: [] });
    expect(await readdir(dirname(path))).toEqual([]);
    expect(await describeTree(tree)).toEqual(before);
    await driver.prune(host, volume, { relationship, removePointIds: [stamp.id] });
    expect(await driver.points(host, volume, relationship)).toEqual([]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const FIXTURES = (['btrfs', 'xfs', 'ext4'] as const).map(makeFolderFixture);
const PLACES = FIXTURES.flatMap((fixture) =>
  fixture.points.filter((offered) => offered !== 'Direct').map((method) => ({ fixture, method })),
);

afterAll(async () => {
  for (const fixture of FIXTURES) await fixture.afterAll?.();
});

describe.each(sample(PLACES, 2))('$fixture.title, with points by $method,', ({ fixture, method }) => {
  it(
    'has only whole points, and mends itself, whenever the agent is killed',
    async () => killAtRandom(fixture, await fixture.makeVolume(), method),
    LONGEST_MS,
  );
  it(
    'rolls back once asked again, whenever the agent is killed',
    async () => killRollbacks(fixture, await fixture.makeVolume(), method),
    LONGEST_MS,
  );
  it(
    'leaves whole clones and nothing else, whenever the agent is killed',
    async () => killClones(fixture, await fixture.makeVolume(), method),
    LONGEST_MS,
  );
});
