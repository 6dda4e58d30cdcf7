/** Subvolumes by `btrfs send`, between two real filesystems. */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import { MoverSchema } from '../../src/model/spec';
import { btrfsMover } from '../../src/volumes/btrfs/send';
import { btrfsDriver } from '../../src/volumes/btrfs';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { StreamRig } from '../support/rigs/sync-rig';

const host = makeLocalHost({ name: 'test', home: tmpdir() });
const btrfs = (...argv: string[]) => runChecked(host, ['btrfs', ...argv]);
const ALONE = MoverSchema.parse({ btrfs: {} });
const NESTED = MoverSchema.parse({ btrfs: { nested: true } });
const SMALL = 200_000;
const BIG = 4 * 1024 * 1024;

describe('the btrfs mover', () => {
  let filesystems: TestFilesystem[];
  let rig: StreamRig;
  let count = 0;
  const at = (name: string) => join(rig.source.volume.path, name);
  const atTarget = (name: string) => join(rig.target.volume.path, name);
  const expectEqual = async () =>
    expect(await compareTrees(rig.source.volume.path, rig.target.volume.path, { sparseness: true })).toEqual(
      [],
    );
  const fill = (path = at('big')) =>
    runChecked(host, [
      'dd',
      'if=/dev/urandom',
      `of=${path}`,
      'bs=64K',
      `count=${BIG / 65536}`,
      'status=none',
    ]);

  /** A new source, and a target that is not there yet. */
  async function makeVolumes() {
    const [source = '', target = ''] = filesystems.map(({ mountPoint }) => join(mountPoint, `wiki-${count}`));
    count++;
    await btrfs('subvolume', 'create', source);
    return {
      source: { kind: 'btrfs' as const, path: source },
      target: { kind: 'btrfs' as const, path: target },
    };
  }

  beforeAll(async () => {
    filesystems = await Promise.all([TestFilesystem.make('btrfs'), TestFilesystem.make('btrfs')]);
    rig = await StreamRig.start({ driver: btrfsDriver, mover: btrfsMover, spec: ALONE }, await makeVolumes());
  });
  beforeEach(async () => rig.use(await makeVolumes(), ALONE));
  afterAll(async () => {
    await rig.stop();
    for (const filesystem of filesystems) await filesystem.dispose();
  });

  it('brings everything over, then what changed, and keeps each state as a point', async () => {
    await makeNastyTree(rig.source.volume.path);
    await fill();
    const first = await rig.sync();
    await expectEqual();
    expect(first.stats.bytesSent).toBeGreaterThan(BIG);
    const before = await describeTree(await rig.pathOf(first.point));
    await writeFile(at('content'), 'changed');
    await rm(at('links'), { recursive: true });
    await rename(at('modes'), at('modes, renamed'));
    const second = await rig.sync();
    await expectEqual();
    expect(second.plan).toMatchObject({ how: 'incremental', base: { identity: first.point.identity } });
    expect(second.stats.bytesSent).toBeLessThan(SMALL);
    expect(second.stats.filesDeleted).toBeGreaterThan(5);
    expect(await describeTree(await rig.pathOf(first.point))).toEqual(before);
    const third = await rig.sync({ remove: [first.point.id] });
    expect(third.stats).toMatchObject({ filesChanged: 0, filesDeleted: 0, bytesChanged: 0 });
    await expectEqual();
    expect((await rig.points()).map(({ id }) => id)).toEqual([second.point.id, third.point.id]);
  });

  it('goes back and forth after a change of the primary, and never sends anew what both have', async () => {
    await fill();
    await rig.sync();
    await writeFile(at('one'), '1');
    await rig.sync();
    for (const name of ['two', 'three']) {
      await rig.turnAround();
      await writeFile(at(name), name);
      const { plan, stats } = await rig.sync();
      expect(plan.base).toBeDefined();
      expect(stats.bytesSent).toBeLessThan(SMALL);
      await expectEqual();
      await writeFile(at(name), `${name}, again`);
      expect((await rig.sync()).plan.how).toBe('incremental');
      await expectEqual();
    }
  });

  it('says that the base is lost where the target has lost it in between', async () => {
    await fill();
    const first = await rig.sync();
    const look = rig.look.bind(rig);
    rig.look = async (excluded) => {
      const situation = await look(excluded);
      await btrfs('subvolume', 'delete', await rig.pathOf(first.point));
      return situation;
    };
    const lost = rig.sync().finally(() => (rig.look = look));
    await expect(lost).rejects.toMatchObject({ type: 'BaseLost', details: { host: rig.target.host.name } });
    await rig.sync({ excluded: [first.point.identity] });
    await expectEqual();
  });

  it('tells a replica that somebody changed, and one that was only read', async () => {
    await writeFile(at('file'), 'x');
    await rig.sync();
    await readFile(atTarget('file'));
    expect(await rig.divergence()).toBeUndefined();
    await expect(writeFile(atTarget('file'), 'y')).rejects.toThrow('EROFS');
    await btrfs('property', 'set', '-ts', rig.target.volume.path, 'ro', 'false');
    await readFile(atTarget('file'));
    expect(await rig.divergence()).toBeUndefined();
    await writeFile(atTarget('file'), 'y');
    expect(await rig.divergence()).toMatchObject({ changed: true });
    await btrfs('property', 'set', '-ts', rig.target.volume.path, 'ro', 'true');
    expect(await rig.divergence()).toMatchObject({ changed: true });
  });

  it('leaves snapshots that somebody made of the replica, and is not stopped by them', async () => {
    await writeFile(at('file'), 'x');
    await rig.sync();
    const kept = `${rig.target.volume.path}.by-hand`;
    await btrfs('subvolume', 'snapshot', '-r', rig.target.volume.path, kept);
    expect(await rig.divergence()).toBeUndefined();
    await writeFile(at('file'), 'y');
    expect((await rig.sync()).plan.how).toBe('incremental');
    expect(await readFile(join(kept, 'file'), 'utf8')).toBe('x');
    await expectEqual();
  });

  it('goes on from a copy that was received in the very place of the replica, and keeps that aside', async () => {
    await fill();
    const [from, to] = [rig.source.volume.path, rig.target.volume.path];
    const sent = join(dirname(from), 'sent', basename(to));
    await mkdir(dirname(sent), { recursive: true });
    await btrfs('subvolume', 'snapshot', '-r', from, sent);
    const copied = await host.pipe([
      ['btrfs', 'send', '--quiet', sent],
      ['btrfs', 'receive', '--quiet', dirname(to)],
    ]);
    expect(copied.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const before = await describeTree(to);
    await writeFile(at('file'), 'since');
    expect(await rig.divergence()).toBeUndefined();
    const { plan, stats } = await rig.sync();
    expect(plan).toMatchObject({ how: 'incremental', into: 'replica' });
    expect(stats.bytesSent).toBeLessThan(SMALL);
    await expectEqual();
    const [kept = ''] = (await readdir(dirname(to))).filter((name) =>
      name.startsWith(`${basename(to)}.kept-`),
    );
    expect(await describeTree(join(dirname(to), kept))).toEqual(before);
  });

  it('stops before it deletes more than is allowed', async () => {
    await mkdir(at('kept'));
    for (let i = 0; i < 10; i++) await writeFile(at(`old${i}`), String(i));
    await rig.sync();
    for (let i = 0; i < 10; i++) await rm(at(`old${i}`));
    await expect(rig.sync({ maxDeletions: 4 })).rejects.toMatchObject({ type: 'ApprovalRequired' });
    expect(await readdir(rig.target.volume.path)).toHaveLength(11);
    expect((await rig.sync()).stats.filesDeleted).toBe(10);
    await expectEqual();
  });

  it('counts and names what vanishes where a folder has become a subvolume that is not sent along', async () => {
    await mkdir(at('data'));
    for (let i = 0; i < 9; i++) await writeFile(at(`data/file${i}`), String(i));
    await rig.sync();
    await rename(at('data'), at('former'));
    await btrfs('subvolume', 'create', at('data'));
    for (let i = 0; i < 9; i++) await writeFile(at(`data/file${i}`), String(i));
    await rm(at('former'), { recursive: true });
    await btrfs('subvolume', 'create', at('with a space'));
    const refused = {
      type: 'ApprovalRequired',
      message: expect.stringMatching(/delete 10 .*data\/file/) as unknown,
    };
    await expect(rig.sync({ maxDeletions: 9 })).rejects.toMatchObject(refused);
    expect(await readdir(atTarget('data'))).toHaveLength(9);
    const request = { relationship: 'wiki', syncId: 'looked-at', method: 'Snapshot' as const, mover: ALONE };
    const { leftOut } = await btrfsDriver.capture(rig.source.host, rig.source.volume, request);
    expect(leftOut).toEqual([{ reason: 'subvolume', count: 2, examples: ['data', 'with a space'] }]);
    const nested = await btrfsDriver.capture(rig.source.host, rig.source.volume, {
      ...{ ...request, syncId: 'looked-at-nested', mover: NESTED },
    });
    expect(nested.leftOut).toBeUndefined();
    rig.use({ source: rig.source.volume, target: rig.target.volume }, NESTED);
    await rig.sync({ sequence: 5, maxDeletions: 0 });
    await expectEqual();
  });

  it('begins anew after an attempt that was cut off, and takes nothing half-made for a state', async () => {
    await fill();
    const first = await rig.sync();
    await fill();
    const ending = new AbortController();
    const { source } = rig;
    const pipe = source.host.pipe.bind(source.host);
    source.host.pipe = (argvs, options) => {
      if (argvs.length < 3) return pipe(argvs, options);
      const cut = argvs.map((argv) => (argv[0] === 'dd' ? ['head', '-c', '1000000'] : argv));
      return pipe(cut, options);
    };
    const cutOff = rig.sync().finally(() => (source.host.pipe = pipe));
    await expect(cutOff).rejects.toMatchObject({ type: 'TransferInterrupted' });
    expect((await rig.points()).map(({ id }) => id)).toEqual([first.point.id]);
    const { plan } = await rig.sync({ sequence: 2, signal: ending.signal });
    expect(plan).toMatchObject({ how: 'incremental', base: { identity: first.point.identity } });
    await expectEqual();
  });

  describe('with the subvolumes inside', () => {
    const INNER = ['var', 'var/lib/machines', 'var/lib/machines/one', 'home of all'];
    const everywhere = ['', ...INNER];
    const make = async (...names: string[]) => {
      for (const name of names) await btrfs('subvolume', 'create', at(name));
    };
    const isSubvolume = async (path: string) => (await stat(path)).ino === 256;

    beforeEach(async () => {
      rig.use({ source: rig.source.volume, target: rig.target.volume }, NESTED);
      await make('var');
      await mkdir(at('var/lib'));
      await make('var/lib/machines', 'var/lib/machines/one', 'home of all');
      for (const inner of everywhere) await writeFile(at(join(inner, 'file')), inner);
      await fill(at('var/lib/machines/one/big'));
    });

    it('brings each to its place, then what changed, and gives back all of it', async () => {
      const first = await rig.sync();
      await expectEqual();
      for (const inner of INNER) expect(await isSubvolume(atTarget(inner))).toBe(true);
      await writeFile(at('var/lib/machines/one/file'), 'changed');
      const second = await rig.sync();
      await expectEqual();
      expect(second.plan.how).toBe('incremental');
      expect(second.stats.bytesSent).toBeLessThan(SMALL);
      const { host: where, volume } = rig.target;
      const point = { relationship: 'wiki', pointId: first.point.id };
      const clone = await btrfsDriver.clone(where, volume, { ...point, cloneId: 'drill-1' });
      expect(await readFile(join(clone.path, 'var/lib/machines/one/file'), 'utf8')).toBe(INNER[2]);
      await writeFile(join(clone.path, 'var/lib/machines/one/file'), 'written in a drill');
      await btrfsDriver.removeClones(where, volume, { relationship: 'wiki', keepCloneIds: [] });
      await btrfsDriver.rollback(where, volume, point);
      expect(await readFile(atTarget('var/lib/machines/one/file'), 'utf8')).toBe(INNER[2]);
      await writeFile(atTarget('var/lib/machines/one/file'), 'written after a failover');
      expect(await rig.divergence()).toMatchObject({ changed: true });
    });

    it('is not sent unasked where a subvolume inside has gone, with what was in it', async () => {
      for (let i = 0; i < 8; i++) await writeFile(at(`home of all/file${i}`), String(i));
      await rig.sync();
      await btrfs('subvolume', 'delete', at('home of all'));
      const refused = {
        type: 'ApprovalRequired',
        message: expect.stringMatching(/delete 10 .*home of all/) as unknown,
      };
      await expect(rig.sync({ maxDeletions: 9 })).rejects.toMatchObject(refused);
      expect(await readdir(atTarget('home of all'))).toHaveLength(9);
      const { stats } = await rig.sync({ maxDeletions: 10 });
      expect([stats.filesDeleted, stats.filesChanged]).toEqual([10, 10]);
      await expectEqual();
    });

    it('counts what came with a subvolume that the target has nothing of', async () => {
      await rig.sync();
      await make('fresh');
      for (let i = 0; i < 8; i++) await writeFile(at(`fresh/file${i}`), '0123456789');
      const { stats } = await rig.sync();
      expect(stats).toMatchObject({ filesChanged: 9, filesDeleted: 0, bytesChanged: 80 });
    });

    it('follows subvolumes that change their names, and one that is made anew, each from its own state', async () => {
      await fill(at('home of all/big'));
      await rig.sync();
      await rename(at('home of all'), at('aside'));
      await rename(at('var/lib/machines/one'), at('home of all'));
      await rename(at('aside'), at('var/lib/machines/one'));
      const { stats } = await rig.sync({ maxDeletions: 0 });
      expect(stats.bytesSent).toBeLessThan(SMALL);
      await expectEqual();
      await btrfs('subvolume', 'delete', at('home of all'));
      await make('home of all');
      await mkdir(at('home of all/file'));
      await rig.sync();
      await expectEqual();
    });

    it('goes back and forth after a change of the primary', async () => {
      await rig.sync();
      for (const inner of INNER.slice(0, 2)) {
        await rig.turnAround();
        await writeFile(at(join(inner, 'file')), `written at ${rig.source.host.name}`);
        const { stats } = await rig.sync();
        expect(stats.bytesSent).toBeLessThan(SMALL);
        await expectEqual();
      }
    });

    it('follows those that are made and removed, and leaves snapshots inside to their owner', async () => {
      await rig.sync();
      await btrfs('subvolume', 'delete', at('home of all'));
      await make('new');
      await writeFile(at('new/file'), 'x');
      await btrfs('subvolume', 'snapshot', '-r', rig.source.volume.path, at('var/snapshot'));
      await rig.sync();
      expect((await readdir(rig.target.volume.path)).sort()).toEqual(['file', 'new', 'var']);
      expect((await readdir(atTarget('var'))).sort()).toEqual(['file', 'lib']);
      const [old] = await rig.points();
      expect(await readFile(join(await rig.pathOf(old ?? { id: '' }), 'home of all/file'), 'utf8')).toBe(
        'home of all',
      );
      await rig.turnAround();
      await rig.sync();
      const names = await readdir(join(rig.target.volume.path, '..'));
      const aside = names.find((name) => name.startsWith(`wiki-${count - 1}.kept-`)) ?? '';
      expect(await readFile(join(rig.target.volume.path, '..', aside, 'var/snapshot/file'), 'utf8')).toBe('');
    });
  });
});
