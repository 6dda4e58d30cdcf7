/** What recovery points are for: the replica goes back to them, and drills get copies of them. */
import {
  link,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  utimes,
  writeFile,
  chmod,
  chown,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { runChecked } from '../../src/hosts/run-checked';
import type { PointMethod } from '../../src/model/records';
import type { PointStamp } from '../../src/volumes/contract';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { damageTree, writeInPlace } from '../support/trees/damage';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { makeStamp, type OpenStage, see, seePoint, TARGET, type VolumeFixture } from './volume-fixture';

const NEVER = 'point-999999';

/** What is done on a stage, in few words. */
function makeActions(fixture: VolumeFixture, stage: OpenStage, method: PointMethod) {
  const { driver } = fixture;
  const relationship = 'wiki';
  return {
    publish: (sequence: number, changes: Partial<PointStamp> = {}) =>
      driver.publish(stage.host, stage.volume, {
        relationship,
        stamp: makeStamp(sequence, changes),
        method,
      }),
    pathOf: (pointId: string) => seePoint(fixture, stage, relationship, pointId),
    points: () => driver.points(stage.host, stage.volume, relationship),
    prune: (...removePointIds: string[]) =>
      driver.prune(stage.host, stage.volume, { relationship, removePointIds }),
    rollback: (pointId: string, signal?: AbortSignal) =>
      driver.rollback(stage.host, stage.volume, { relationship, pointId, ...(signal && { signal }) }),
    clone: (pointId: string, cloneId: string, host: Host = stage.host) =>
      driver.clone(host, stage.volume, { relationship, pointId, cloneId }),
    removeClones: (...keepCloneIds: string[]) =>
      driver.removeClones(stage.host, stage.volume, { relationship, keepCloneIds }),
  };
}

type Actions = ReturnType<typeof makeActions>;

export function describeTrees(fixture: VolumeFixture, stage: OpenStage, method: PointMethod): void {
  const actions = makeActions(fixture, stage, method);
  describe(`points by ${method}`, () => {
    beforeEach(() => fixture.driver.claim(stage.host, stage.volume, TARGET));
    describeRollback(fixture, stage, actions);
    // Kinds whose states have identities know by those.
    if (fixture.driver.listWritten) describeHiddenWrites(stage, actions);
    describeClones(fixture, stage, actions, method);

    it('of an old primary say so, as long as they are there', async () => {
      const { host, volume } = stage;
      await actions.publish(1);
      const point = await actions.publish(2, { diverged: true });
      expect(point.diverged).toBe(true);
      await fixture.driver.markVerified(host, volume, 'wiki', point.id, point.publishedAt);
      await actions.prune('point-000001');
      expect(await actions.points()).toEqual([{ ...point, verifiedAt: point.publishedAt }]);
    });
  });
}

function describeRollback({ driver }: VolumeFixture, stage: OpenStage, actions: Actions): void {
  const { publish, pathOf, points, rollback } = actions;

  it('bring the replica back after damage of every sort, and stay as they were', async () => {
    const { folder: path } = stage;
    await makeNastyTree(path);
    const first = await pathOf((await publish(1)).id);
    await damageTree(path);
    const second = await pathOf((await publish(2)).id);
    const before = [await points(), await describeTree(first), await describeTree(second)];
    await rollback('point-000001');
    expect(await compareTrees(first, path, { sparseness: true })).toEqual([]);
    await rollback('point-000002');
    expect(await compareTrees(second, path, { sparseness: true })).toEqual([]);
    await rollback('point-000001');
    await rollback('point-000001');
    expect(await compareTrees(first, path, { sparseness: true })).toEqual([]);
    await writeInPlace(path);
    expect([await points(), await describeTree(first), await describeTree(second)]).toEqual(before);
  });

  it('bring back which names belong to one file', async () => {
    const at = (name: string) => join(stage.folder, name);
    await writeFile(at('one'), 'the same\n');
    await runChecked(stage.host, ['cp', '-p', '--', at('one'), at('two')]);
    await chmod(at('two'), 0o600);
    await link(at('one'), at('three'));
    const tree = await pathOf((await publish(1)).id);
    await unlink(at('two'));
    await link(at('one'), at('two'));
    await unlink(at('three'));
    await runChecked(stage.host, ['cp', '-p', '--', at('one'), at('three')]);
    await rollback('point-000001');
    expect(await compareTrees(tree, stage.folder)).toEqual([]);
  });

  it('are not reached through a file that somebody linked from them into the replica', async () => {
    const file = join(stage.folder, 'file');
    await writeFile(file, 'x');
    const tree = await pathOf((await publish(1)).id);
    await unlink(file);
    // Refused from one btrfs subvolume to another, where nothing can be reached so.
    const linked = await stage.host.run(['ln', '--', join(tree, 'file'), file]);
    if (linked.exitCode === 0) {
      await rollback('point-000001');
      await chown(file, 1, 1);
      await utimes(file, 1, 1);
    }
    expect(await stat(join(tree, 'file'))).toMatchObject({ uid: 0 });
    expect((await stat(join(tree, 'file'))).mtimeMs).toBeGreaterThan(1000);
  });

  it('bring back a replica that a demotion has made read-only', async () => {
    const { host, volume, folder } = stage;
    await writeFile(join(folder, 'file'), 'x');
    const tree = await pathOf((await publish(1)).id);
    await writeFile(join(folder, 'file'), 'diverged');
    await driver.promote(host, volume, { ...TARGET, role: 'source', epoch: 2 });
    await driver.demote(host, volume, { ...TARGET, epoch: 3 });
    await rollback('point-000001');
    expect(await compareTrees(tree, folder)).toEqual([]);
  });

  it('never share the tree of a newer one that the replica was rolled back from', async () => {
    const file = join(stage.folder, 'file');
    await writeFile(file, 'first');
    await publish(1);
    await writeFile(file, 'second');
    await publish(2);
    await rollback('point-000001');
    const third = await publish(3);
    expect(await readFile(join(await pathOf(third.id), 'file'), 'utf8')).toBe('first');
  });

  it('are gone back to only where they exist, and never once told to stop', async () => {
    const file = join(stage.folder, 'file');
    await publish(1);
    await writeFile(file, 'x');
    await expect(rollback(NEVER)).rejects.toMatchObject({ type: 'PointMissing' });
    await expect(rollback('point-000001', AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    expect(await readFile(file, 'utf8')).toBe('x');
  });
}

/** Writes as a program does that sets the time back. */
async function rewrite(path: string, content: string): Promise<void> {
  const { atime, mtime } = await stat(path);
  await writeFile(path, content);
  await utimes(path, atime, mtime);
}

function describeHiddenWrites(stage: OpenStage, { publish, pathOf, rollback }: Actions): void {
  const at = (name: string) => join(stage.folder, name);
  const read = async (pointId: string, name: string) => readFile(join(await pathOf(pointId), name), 'utf8');

  beforeEach(async () => {
    for (const name of ['one', 'two', 'calm']) {
      await writeFile(at(name), 'was');
      await utimes(at(name), 1_000_000_000, 1_000_000_000);
    }
  });

  it('share a tree where nobody wrote to the replica, and hold what somebody wrote to it, whatever was said', async () => {
    const first = await publish(1);
    expect((await publish(2)).identity).toBe(first.identity);
    await writeFile(at('new'), 'x');
    const third = await publish(3);
    expect(third.identity).not.toBe(first.identity);
    expect(await read(third.id, 'new')).toBe('x');
    await unlink(at('two'));
    const fourth = await publish(4);
    await expect(read(fourth.id, 'two')).rejects.toThrow('ENOENT');
  });

  it('hold contents that size and time do not tell of, in place and anew', async () => {
    await publish(1);
    await rewrite(at('one'), 'now');
    await writeFile(at('fresh'), 'now');
    await utimes(at('fresh'), 1_000_000_000, 1_000_000_000);
    await rename(at('fresh'), at('two'));
    const second = await publish(2);
    expect([await read(second.id, 'one'), await read(second.id, 'two')]).toEqual(['now', 'now']);
    expect(await read('point-000001', 'one')).toBe('was');
    expect(await compareTrees(await pathOf(second.id), stage.folder)).toEqual([]);
  });

  it('hold them under the names that such a file got since, too', async () => {
    await publish(1);
    await rewrite(at('one'), 'now');
    await link(at('one'), at('more'));
    await unlink(at('two'));
    await link(at('one'), at('two'));
    const second = await publish(2);
    expect(await compareTrees(await pathOf(second.id), stage.folder)).toEqual([]);
    expect(await read('point-000001', 'two')).toBe('was');
  });

  it.each(['point-000001', 'point-000002'])('bring such contents back from %s', async (pointId) => {
    await publish(1);
    await rewrite(at('one'), 'two');
    await publish(2);
    await rewrite(at('one'), 'bad');
    await rewrite(at('two'), 'bad');
    await rollback(pointId);
    expect(await compareTrees(await pathOf(pointId), stage.folder)).toEqual([]);
  });

  it('bring such contents back where nothing is known of the replica any more', async () => {
    await publish(1);
    await stage.host.files.remove(join(stage.host.home, 'replicas'));
    await rewrite(at('one'), 'bad');
    await rollback('point-000001');
    expect(await readFile(at('one'), 'utf8')).toBe('was');
    await rewrite(at('one'), 'new');
    expect(await read((await publish(2)).id, 'one')).toBe('new');
  });
}

/** The same host, on which something happens each time right before and after a clone is being copied. */
function interrupt(host: Host, before: () => Promise<void>, after: () => Promise<void>): Host {
  return {
    ...host,
    async run(argv, options) {
      const isCopying = argv[0] === 'cp' || argv.includes('snapshot');
      if (!isCopying || !options?.attempt?.startsWith('clone-')) return await host.run(argv, options);
      await before();
      const result = await host.run(argv, options);
      await after();
      return result;
    },
  };
}

function describeClones(
  fixture: VolumeFixture,
  stage: OpenStage,
  actions: Actions,
  method: PointMethod,
): void {
  const { driver, sharesBlocks } = fixture;
  const { publish, pathOf, prune, clone } = actions;
  const how = method === 'Snapshot' ? 'Snapshot' : sharesBlocks ? 'Clone' : 'Copy';

  it('give drills a copy of everything, to be written to, and stay as they were', async () => {
    const { volume, folder } = stage;
    await makeNastyTree(folder);
    const tree = await pathOf((await publish(1)).id);
    const before = await describeTree(tree);
    const made = await clone('point-000001', 'drill-1');
    const copy = await see(fixture, made.path);
    expect(made.how).toBe(how);
    expect(await compareTrees(tree, copy, { sparseness: true })).toEqual([]);
    await writeInPlace(copy);
    const written = await describeTree(copy);
    await publish(2);
    await prune();
    expect(await describeTree(tree)).toEqual(before);
    await prune('point-000001');
    expect(await clone('point-000001', 'drill-1')).toEqual(made);
    expect(await describeTree(copy)).toEqual(written);
    expect((await driver.inspect(stage.host, volume)).empty).toBe(false);
  });

  it('are cloned only where they exist, under names that lead nowhere else', async () => {
    await publish(1);
    await expect(clone(NEVER, 'drill-1')).rejects.toMatchObject({ type: 'PointMissing' });
    await expect(clone('point-000001', '../drill')).rejects.toMatchObject({ type: 'InvalidSpec' });
  });

  if (!fixture.clonesByStorage) describeInterruptedClones(fixture, stage, actions);
}

function describeInterruptedClones(
  { driver }: VolumeFixture,
  stage: OpenStage,
  { publish, pathOf, points, prune, clone, removeClones }: Actions,
): void {
  it('are not pruned while they are being cloned, and syncs go on', async () => {
    const { host, folder } = stage;
    await writeFile(join(folder, 'file'), 'first');
    const first = await publish(1);
    const before = await describeTree(await pathOf(first.id));
    const sync = async () => {
      await writeFile(join(folder, 'file'), 'second');
      await publish(2);
      await prune(first.id);
    };
    const again = () => prune(first.id);
    const { path } = await clone(first.id, 'drill-1', interrupt(host, sync, again));
    expect(await describeTree(path)).toEqual(before);
    expect((await points()).map(({ id }) => id)).toEqual([first.id, 'point-000002']);
    expect(await describeTree(await pathOf(first.id))).toEqual(before);
    await prune(first.id);
    expect((await points()).map(({ id }) => id)).toEqual(['point-000002']);
  });

  it('lose all their clones but those to keep, whole ones and half-made ones', async () => {
    const { host, volume, folder } = stage;
    await writeFile(join(folder, 'file'), 'x');
    await publish(1);
    const [one, two] = [await clone('point-000001', 'drill-1'), await clone('point-000001', 'drill-2')];
    const controller = new AbortController();
    const cutOff = interrupt(
      host,
      () => Promise.resolve(),
      () => {
        controller.abort(new Error('stop'));
        return Promise.reject(new Error('stop'));
      },
    );
    const request = { relationship: 'wiki', pointId: 'point-000001', cloneId: 'drill-3' };
    const cut = driver.clone(cutOff, volume, { ...request, signal: controller.signal });
    await expect(cut).rejects.toThrow('stop');
    const entries = async () => await readdir(dirname(one.path));
    expect((await entries()).join()).toContain('drill-3');
    await removeClones('drill-2');
    await removeClones('drill-2');
    expect(await entries()).toEqual([basename(two.path)]);
    await removeClones();
    expect(await entries()).toEqual([]);
    await prune('point-000001');
    expect(await points()).toEqual([]);
  });
}
