/** Datasets with children: as one state where that is wanted, and left alone where it is not. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planStream } from '../../src/model/plan-stream';
import type { Point } from '../../src/model/records';
import { MoverSchema } from '../../src/model/spec';
import { splitName } from '../../src/volumes/zfs/names';
import { partsOf } from '../../src/volumes/zfs/parts';
import { findPlace } from '../../src/volumes/zfs/place';
import { findPoint } from '../../src/volumes/zfs/points';
import { branchSide, discardSide } from '../../src/volumes/zfs/swap';
import type { SnapshotStorage } from '../support/storage/snapshot-storage';
import { makeRigForEach, SnapshotRig } from '../support/rigs/snapshot-rig';
import { listPoint } from '../support/trees/list-point';
import { makeZfsStorage, renameDatasets, zfs } from '../support/storage/zfs-storage';

const spec = MoverSchema.parse({ zfs: { recursive: true } });

let storage: SnapshotStorage;
let rig: SnapshotRig;
let root: string;
makeRigForEach(makeZfsStorage, (bench) => ({ storage, rig, root } = bench));

async function write(content: string): Promise<void> {
  await writeFile(join(root, 'file'), content);
  await writeFile(join(root, 'mail', 'letter'), content);
}

async function read(): Promise<string[]> {
  const path = await storage.pathOf(rig.replica.volume);
  return [await readFile(join(path, 'file'), 'utf8'), await readFile(join(path, 'mail', 'letter'), 'utf8')];
}

describe('with recursive', () => {
  beforeEach(async () => {
    await zfs('create', `${rig.volume.path}/mail`);
    await write('1');
    await rig.sync({ spec });
  });

  it('goes on where only some of the datasets had arrived', async () => {
    await write('2');
    const situation = await rig.look(rig.replica);
    const capture = await rig.capture(rig.nextSyncId(), spec);
    const { own } = splitName(capture.path);
    const { path } = rig.replica.volume;
    const base = `${rig.volume.path}@tidemark_wiki_wiki-000001`;
    const results = await rig.target.pipe([
      ['zfs', 'send', '-i', base, capture.path],
      ['zfs', 'receive', path],
    ]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const plan = planStream(situation);
    for (const _again of [1, 2]) await rig.send(capture, plan, { spec });
    const point = await rig.publish(capture, plan);
    expect(await read()).toEqual(['2', '2']);
    expect(await zfs('list', '-H', '-o', 'name', `${path}/mail@${own}`)).toContain(own);
    const readable = await rig.pathOfPoint(point);
    expect(await readFile(join(readable, 'mail', 'letter'), 'utf8')).toBe('2');
    const at = { host: rig.target, volume: rig.replica.volume, driver: storage.driver };
    for (const state of [point, undefined])
      expect([...(await listPoint(at, state)).keys()].toSorted()).toEqual(['file', 'mail', 'mail/letter']);
  });

  it('hands all points back to the replica where a branch is given up, also while older ones are read', async () => {
    const [first] = await rig.points();
    if (!first) throw new Error('points are missing');
    const copy = await rig.pathOfPoint(first);
    await write('2');
    const { point } = await rig.sync({ spec });
    const { volume } = rig.replica;
    const place = await findPlace(rig.target, volume);
    const parts = partsOf(place, findPoint(place, 'wiki', point.id).snapshot);
    const listed = async () =>
      (await zfs('list', '-H', '-r', '-t', 'snapshot', '-o', 'name', volume.path)).trim();
    const before = await listed();
    await branchSide(rig.target, volume, parts);
    await discardSide(rig.target, volume);
    expect(await listed()).toBe(before);
    expect(await readFile(join(copy, 'mail', 'letter'), 'utf8')).toBe('1');
    expect((await zfs('get', '-H', '-o', 'value', 'origin', volume.path)).trim()).toBe('-');
    await write('3');
    await rig.sync({ spec });
    expect(await read()).toEqual(['3', '3']);
  });

  it('goes on where a child lost its base, and goes back to older points with all children', async () => {
    await write('2');
    const { point } = await rig.sync({ spec });
    const lost = `${rig.replica.volume.path}/mail@tidemark_wiki_${point.syncId}`;
    await zfs('release', 'tidemark:wiki', lost);
    await zfs('destroy', lost);
    await zfs('rollback', `${rig.replica.volume.path}/mail@tidemark_wiki_wiki-000001`);
    await write('3');
    expect((await rig.sync({ spec })).plan).toMatchObject({ how: 'incremental' });
    expect(await read()).toEqual(['3', '3']);
    await write('4');
    expect((await rig.sync({ spec })).plan).toMatchObject({ how: 'incremental' });
    const third = (await rig.points()).at(-2);
    if (!third) throw new Error('points are missing');
    const rollback = { relationship: 'wiki', pointId: third.id };
    await storage.driver.rollback(rig.target, rig.replica.volume, rollback);
    expect(await read()).toEqual(['3', '3']);
    expect((await rig.points()).length).toBe(4);
  });
});

/** What a point, and the replica once it is the primary, have of the children. */
describe('children that come and go', () => {
  /** More than any increment of these tests is long. */
  const LARGE = 300_000;
  const child = (name: string) => `${rig.volume.path}/${name}`;
  const contentsOf = async (folder: string) =>
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && entry.name !== 'large')
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
  const contentsOfPoint = async (point: Point) => contentsOf(await rig.pathOfPoint(point));
  const contentsServed = async () => {
    await storage.driver.promote(rig.target, rig.replica.volume, {
      ...{ relationship: 'wiki', epoch: 2, role: 'source' },
    });
    return contentsOf(await storage.pathOf(rig.replica.volume));
  };

  let first: Point;
  beforeEach(async () => {
    for (const name of ['mail', 'docs']) {
      await zfs('create', child(name));
      await writeFile(join(root, name, name), name);
    }
    await writeFile(join(root, 'docs', 'large'), randomBytes(LARGE));
    first = (await rig.sync({ spec })).point;
  });

  it('carries one that was renamed by its new name, and no other again', async () => {
    await renameDatasets([child('mail'), child('post')]);
    const { stats, point } = await rig.sync({ spec });
    expect(stats.bytesSent).toBeLessThan(LARGE);
    expect(await contentsOfPoint(point)).toEqual(['docs/docs', 'post/mail']);
    expect(await contentsOfPoint(first)).toEqual(['docs/docs', 'mail/mail']);
    expect(await contentsServed()).toEqual(['docs/docs', 'post/mail']);
  });

  it('is not kept from replacing the replica by a copy in which a point was read', async () => {
    expect(await contentsOfPoint(first)).toEqual(['docs/docs', 'mail/mail']);
    await zfs('create', child('post'));
    await writeFile(join(root, 'post', 'new'), 'new');
    const { point } = await rig.sync({ spec });
    expect(await contentsOfPoint(point)).toEqual(['docs/docs', 'mail/mail', 'post/new']);
    expect(await contentsOfPoint(first)).toEqual(['docs/docs', 'mail/mail']);
  });

  it('serves none that was destroyed, and keeps it in older points, until they go', async () => {
    await zfs('release', 'tidemark:wiki', `${child('mail')}@tidemark_wiki_wiki-000001`);
    await zfs('destroy', '-r', child('mail'));
    await expect(rig.sync({ spec, maxDeletes: '10%' })).rejects.toMatchObject({
      ...{ type: 'ApprovalRequired', message: expect.stringContaining('delete 2 entries') as string },
    });
    const { stats, point } = await rig.sync({ spec });
    expect(stats.bytesSent).toBeLessThan(LARGE);
    expect(await contentsOfPoint(point)).toEqual(['docs/docs']);
    expect(await contentsOfPoint(first)).toEqual(['docs/docs', 'mail/mail']);
    await rig.sync({ spec });
    const prune = async (points: Point[]) =>
      storage.driver.prune(rig.target, rig.replica.volume, {
        ...{ relationship: 'wiki', removePointIds: points.map(({ id }) => id) },
      });
    for (const _again of [1, 2]) await prune([first, point]);
    expect(await zfs('list', '-H', '-o', 'name', '-r', '-t', 'all', rig.replica.volume.path)).not.toContain(
      first.syncId,
    );
    const [pool, name] = rig.replica.volume.path.split('/');
    const beside = await zfs('list', '-H', '-o', 'name', '-r', `${pool}/.tidemark/${name}`);
    expect(beside).not.toMatch(/aside/);
    expect(await contentsServed()).toEqual(['docs/docs']);
  });

  it('goes back to an older point with the child that it has', async () => {
    await renameDatasets([child('mail'), child('post')]);
    await rig.sync({ spec });
    const { volume } = rig.replica;
    await storage.driver.rollback(rig.target, volume, { relationship: 'wiki', pointId: first.id });
    expect(await contentsServed()).toEqual(['docs/docs', 'mail/mail']);
  });

  it('sends one again that is gone at the target, and says of which points it is missing', async () => {
    const gone = `${rig.replica.volume.path}/mail`;
    await zfs('release', 'tidemark:wiki', `${gone}@tidemark_wiki_wiki-000001`);
    await zfs('destroy', '-r', gone);
    const { stats, point } = await rig.sync({ spec });
    expect(stats.bytesSent).toBeLessThan(LARGE);
    expect(await contentsOfPoint(point)).toEqual(['docs/docs', 'mail/mail']);
    const [older, newer] = await rig.points();
    expect(older?.leftOut).toEqual([{ reason: 'subvolume', count: 1, examples: ['mail'] }]);
    expect(newer).not.toHaveProperty('leftOut');
  });

  it('takes one that was made anew under the same name for another', async () => {
    await zfs('release', 'tidemark:wiki', `${child('mail')}@tidemark_wiki_wiki-000001`);
    await zfs('destroy', '-r', child('mail'));
    await zfs('create', child('mail'));
    await writeFile(join(root, 'mail', 'new'), 'new');
    const { stats, point } = await rig.sync({ spec });
    expect(stats.bytesSent).toBeLessThan(LARGE);
    expect(await contentsOfPoint(point)).toEqual(['docs/docs', 'mail/new']);
    expect(await contentsOfPoint(first)).toEqual(['docs/docs', 'mail/mail']);
    await writeFile(join(root, 'mail', 'newer'), 'newer');
    expect(await contentsOfPoint((await rig.sync({ spec })).point)).toEqual([
      ...['docs/docs', 'mail/new', 'mail/newer'],
    ]);
    expect(await contentsServed()).toEqual(['docs/docs', 'mail/new', 'mail/newer']);
  });

  it('carries two whose names were swapped by their new names, in new points and in old ones', async () => {
    await renameDatasets(
      [child('mail'), child('between')],
      [child('docs'), child('mail')],
      [child('between'), child('docs')],
    );
    const { point } = await rig.sync({ spec });
    expect(await contentsOfPoint(point)).toEqual(['docs/mail', 'mail/docs']);
    expect(await contentsOfPoint(first)).toEqual(['docs/docs', 'mail/mail']);
    await writeFile(join(root, 'docs', 'more'), 'more');
    const second = await rig.sync({ spec });
    expect(second.stats.bytesSent).toBeLessThan(LARGE);
    expect(await contentsOfPoint(second.point)).toEqual(['docs/mail', 'docs/more', 'mail/docs']);
    expect(await contentsServed()).toEqual(['docs/mail', 'docs/more', 'mail/docs']);
  });

  it('carries a clone that was promoted in the place of what it was made of', async () => {
    await zfs('clone', `${child('docs')}@tidemark_wiki_wiki-000001`, child('new'));
    await writeFile(join(root, 'new', 'changed'), 'changed');
    await zfs('promote', child('new'));
    await renameDatasets([child('docs'), child('old')], [child('new'), child('docs')]);
    const { point } = await rig.sync({ spec });
    const all = ['docs/changed', 'docs/docs', 'mail/mail', 'old/docs'];
    expect(await contentsOfPoint(point)).toEqual(all);
    await writeFile(join(root, 'docs', 'later'), 'later');
    const next = await rig.sync({ spec });
    expect(next.stats.bytesSent).toBeLessThan(LARGE);
    expect(await contentsOfPoint(next.point)).toEqual([
      'docs/changed',
      'docs/docs',
      'docs/later',
      ...all.slice(2),
    ]);
    expect(await contentsServed()).toEqual(['docs/changed', 'docs/docs', 'docs/later', ...all.slice(2)]);
  });

  it.each<[what: string, put: (folder: string) => Promise<unknown>]>([
    ['files', (folder) => mkdir(folder).then(() => writeFile(join(folder, 'beneath'), 'beneath'))],
    ['a link that leads away', (folder) => symlink(rig.folder, folder)],
  ])('reads an unmounted child whose folder has %s in it, and names that', async (_what, put) => {
    await zfs('set', `mountpoint=${join(rig.folder, 'apart')}`, child('mail'));
    await rm(join(root, 'mail'), { recursive: true, force: true });
    await put(join(root, 'mail'));
    const { point, stats } = await rig.sync({ spec, maxDeletes: '50%' });
    expect(stats.leftOut).toEqual([{ reason: 'covered', count: 1, examples: ['mail'] }]);
    expect(await contentsOfPoint(point)).toEqual(['docs/docs', 'mail/mail']);
    await zfs('set', 'mountpoint=none', child('mail'));
  });

  it('goes back, and rehearses, with a child that the source has mounted elsewhere', async () => {
    await zfs('create', '-o', `mountpoint=${join(rig.folder, 'apart')}`, child('far'));
    await writeFile(join(rig.folder, 'apart', 'away'), 'away');
    const { point } = await rig.sync({ spec });
    await writeFile(join(rig.folder, 'apart', 'away'), 'changed');
    await rig.sync({ spec });
    const { volume } = rig.replica;
    const clone = { relationship: 'wiki', pointId: point.id, cloneId: 'drill-1' };
    const { path } = await storage.driver.clone(rig.target, volume, clone);
    expect(await readFile(join(path, 'far', 'away'), 'utf8')).toBe('away');
    await storage.driver.removeClones(rig.target, volume, { relationship: 'wiki', keepCloneIds: [] });
    await storage.driver.rollback(rig.target, volume, { relationship: 'wiki', pointId: point.id });
    expect(await contentsServed()).toEqual(['docs/docs', 'far/away', 'mail/mail']);
    const served = await storage.pathOf(volume);
    expect(await readFile(join(served, 'far', 'away'), 'utf8')).toBe('away');
    expect(await readFile(join(rig.folder, 'apart', 'away'), 'utf8')).toBe('changed');
    await zfs('set', 'mountpoint=none', child('far'));
  });

  it('carries one with a blank in its name, and one that is mounted elsewhere', async () => {
    await zfs('create', child('my notes'));
    await writeFile(join(root, 'my notes', 'note'), 'note');
    await zfs('create', '-o', `mountpoint=${join(rig.folder, 'elsewhere')}`, child('far'));
    await writeFile(join(rig.folder, 'elsewhere', 'away'), 'away');
    const { point, stats } = await rig.sync({ spec });
    expect(stats.bytesSent).toBeLessThan(LARGE);
    const all = ['docs/docs', 'far/away', 'mail/mail', 'my notes/note'];
    expect(await contentsOfPoint(point)).toEqual(all);
    await writeFile(join(root, 'my notes', 'second'), 'note');
    expect(await contentsOfPoint((await rig.sync({ spec })).point)).toEqual([...all, 'my notes/second']);
    await zfs('set', 'mountpoint=none', child('far'));
  });
});

it('freezes nothing of what Tidemark keeps inside of it, where nobody would let go of that', async () => {
  const kept = `${rig.volume.path}/.tidemark`;
  await zfs('create', '-p', `${kept}/other`);
  await zfs('create', `${rig.volume.path}/mail`);
  await rig.capture(rig.nextSyncId(), spec);
  const frozen = await zfs('list', '-H', '-o', 'name', '-t', 'snapshot', '-r', rig.volume.path);
  expect(frozen.split('\n').filter((name) => name.startsWith(kept))).toEqual([]);
  expect(frozen).toContain('/mail@');
});

it('leaves what the owner of a target has set there, and follows the source in the rest', async () => {
  const mover = MoverSchema.parse({ zfs: { properties: true } });
  const read = async () => {
    const values = ['get', '-H', '-o', 'value', 'compression,atime,com.sun:auto-snapshot'];
    return (await zfs(...values, rig.replica.volume.path)).trim().split('\n');
  };
  for (const each of ['compression=gzip', 'atime=off', 'com.sun:auto-snapshot=true'])
    await zfs('set', each, rig.volume.path);
  await rig.sync({ spec: mover });
  expect(await read()).toEqual(['gzip', 'off', '-']);
  await zfs('set', 'compression=lzjb', rig.replica.volume.path);
  await zfs('set', 'atime=on', rig.volume.path);
  await rig.sync({ spec: mover });
  expect(await read()).toEqual(['lzjb', 'on', '-']);
});

it('names the datasets below where they are not wanted', async () => {
  await zfs('create', `${rig.volume.path}/mail`);
  const list = [{ reason: 'subvolume', count: 1, examples: ['mail'] }];
  expect((await rig.capture(rig.nextSyncId())).leftOut).toEqual(list);

  // What the replica is sent on from is another relationship's point: nothing is frozen.
  await rig.sync();
  await storage.force(
    rig.replica.volume,
    async () => void (await zfs('create', '-o', 'readonly=off', `${rig.replica.volume.path}/mail`)),
  );
  const onwards = await SnapshotRig.make(storage, undefined, {
    relationship: 'onwards',
    volume: rig.replica.volume,
  });
  expect((await onwards.capture(onwards.nextSyncId())).leftOut).toEqual(list);
  await onwards.dispose();
});

it('leaves children of the replica that no stream brought where they are', async () => {
  await writeFile(join(root, 'file'), '1');
  await rig.sync();
  const { volume } = rig.replica;
  await storage.force(
    volume,
    async () => void (await zfs('create', '-o', 'readonly=off', `${volume.path}/own`)),
  );
  const own = join(await storage.pathOf(volume), 'own', 'file');
  await writeFile(own, 'of the target');
  await storage.force(volume, async () => writeFile(join(await storage.pathOf(volume), 'file'), 'by hand'));
  await writeFile(join(root, 'file'), '2');
  expect((await rig.sync()).plan).toMatchObject({ into: 'side' });
  await storage.driver.promote(rig.target, volume, { relationship: 'wiki', epoch: 2, role: 'source' });
  expect(await readFile(own, 'utf8')).toBe('of the target');
  expect(await readFile(join(await storage.pathOf(volume), 'file'), 'utf8')).toBe('2');
});
