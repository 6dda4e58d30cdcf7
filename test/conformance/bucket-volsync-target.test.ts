/** A bucket in VolSync's layout as a target: what its destination reads, without a change there. */
import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { STORE_NAMES } from '../support/rigs/bucket-rig';
import { useVolSyncBuckets } from '../support/rigs/volsync-rig';
import { sample } from '../support/sample';
import { runDestination } from '../support/stores/volsync-mover';
import { describeTree } from '../support/trees/compare-trees';
import { describePermissions } from '../support/trees/describe-permissions';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { TARGET } from './volume-fixture';

jest.setTimeout(180_000);

describe.each(sample(STORE_NAMES, 1))('in a store that is %s', (store) => {
  const stage = useVolSyncBuckets(store);
  const { source, others, at, put, mover } = stage;
  const keys = async () =>
    (await others('lsf', '-R', '--files-only', stage.rig.volume.path)).split('\n').filter(Boolean).toSorted();

  async function makePlainTree() {
    await mkdir(source('deep', 'er'), { recursive: true });
    await writeFile(source('page'), 'one');
    await writeFile(source('deep', 'Käse & Brot'), 'two');
    await writeFile(source('deep', 'er', 'back\\slash'), 'three');
    await writeFile(source('secret'), 'four');
    await chmod(source('secret'), 0o4710);
    await chown(source('secret'), 4711, 4712);
    await chmod(source('deep'), 0o2770);
    await chmod(source(), 0o751);
    execFileSync('setfacl', ['-m', 'u:1234:rw,g:5:x', source('page'), source('deep')]);
    execFileSync('setfacl', ['-d', '-m', 'g:99:rx', source('deep', 'er')]);
  }

  it("is read by VolSync's destination: contents, modes, owners, ACLs, and nothing of Tidemark's", async () => {
    await makePlainTree();
    const { point } = await stage.rig.sync(1);
    expect(point.method).toBe('Direct');
    const theirs = mover('reads');
    await runDestination(theirs);
    expect(describePermissions(theirs.volume)).toEqual(describePermissions(source()));
    await rm(source('deep', 'er'), { recursive: true });
    await writeFile(source('page'), 'another');
    await writeFile(source('deep', 'new'), 'added');
    await chmod(source('secret'), 0o600);
    await stage.rig.sync(2);
    await runDestination(theirs);
    expect(describePermissions(theirs.volume)).toEqual(describePermissions(source()));
  });

  it('tells what the layout can not hold, and brings back the rest', async () => {
    await makeNastyTree(source());
    const { point, stats } = await stage.rig.sync(1);
    const reasons = (stats.leftOut ?? []).map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['symlink', 'hardlink', 'xattr', 'pipe', 'name']));
    const held = (lines: Awaited<ReturnType<typeof describeTree>>) => Object.keys(lines);
    await stage.rig.withTree(point.id, async (path) => {
      const [is, was] = [held(await describeTree(path)), held(await describeTree(source()))];
      expect(is.length).toBeGreaterThan(3);
      expect(was).toEqual(expect.arrayContaining(is));
    });
  });

  it('holds one point, which is its newest state', async () => {
    await writeFile(source('page'), 'one');
    const first = await stage.rig.sync(1);
    await writeFile(source('page'), 'second');
    const { point } = await stage.rig.sync(2);
    expect(await stage.rig.points()).toEqual([point.id]);
    await stage.rig.prune([]);
    expect(await stage.rig.points()).toEqual([point.id]);
    await expect(stage.rig.withTree(first.point.id, (path) => readdir(path))).rejects.toMatchObject({
      type: 'PointMissing',
    });
    expect(await stage.rig.withTree(point.id, (path) => readFile(join(path, 'page'), 'utf8'))).toBe('second');
    expect(await keys()).toEqual(['page', 'permissions.facl']);
  });

  it('sends what changed, and nothing where nothing did', async () => {
    await makePlainTree();
    await stage.rig.sync(1);
    const facl = await others('lsjson', at('permissions.facl'));
    expect((await stage.rig.sync(2)).stats).toMatchObject({ bytesSent: 0, filesChanged: 0 });
    expect(await others('lsjson', at('permissions.facl'))).toBe(facl);
    await writeFile(source('page'), 'another one');
    expect((await stage.rig.sync(3)).stats).toMatchObject({ bytesSent: 11, filesDeleted: 0 });
    await chmod(source('page'), 0o600);
    expect((await stage.rig.sync(4)).stats).toMatchObject({ bytesSent: 0, filesChanged: 1 });
    expect(await others('cat', at('permissions.facl'))).not.toBe('');
  });

  it('puts right what others did there, and says so when it is compared before', async () => {
    await writeFile(source('page'), 'one');
    await writeFile(source('other'), 'x');
    const { point } = await stage.rig.sync(1);
    const compare = async () => {
      const state = { of: 'point', relationship: 'wiki', pointId: point.id, toCompare: true } as const;
      const use = { relationship: 'wiki', target: 'bucket', syncId: 'wiki-000009' };
      await (await stage.rig.driver.reach(stage.rig.host, stage.rig.volume, state, use)).close();
    };
    await compare();
    await put('strange', 'x');
    await expect(compare()).rejects.toMatchObject({
      message: expect.stringContaining('of no sync') as unknown,
    });
    await put('page', 'eno, and longer');
    await expect(stage.rig.withTree(point.id, (path) => readdir(path))).rejects.toMatchObject({
      type: 'VerificationFailed',
    });
    await put('permissions.facl', 'nothing');
    await expect(compare()).rejects.toMatchObject({
      message: expect.stringContaining('permissions.facl is not what was written') as unknown,
    });
    await stage.rig.sync(2);
    expect(await keys()).toEqual(['other', 'page', 'permissions.facl']);
    expect(await others('cat', at('page'))).toBe('one');
  });

  it('while a sync is cut off is of two states: no point is read, VolSync brings nothing, and the next sync completes it', async () => {
    await writeFile(source('page'), 'one');
    await writeFile(source('other'), 'x');
    const { point } = await stage.rig.sync(1);
    await writeFile(source('page'), 'second');
    const { host, driver, volume } = stage.rig;
    const broken = new Error('killed');
    const dying = {
      ...host,
      run: async (argv: readonly string[], options?: object) => {
        if (argv.includes('copyto')) throw broken;
        return await host.run(argv, options);
      },
    };
    expect(await driver.isChanged(host, volume, 'wiki')).toBe(false);
    await expect(stage.rig.send(2, { runner: dying })).rejects.toThrow('killed');
    expect(await driver.isChanged(host, volume, 'wiki')).toBe(true);
    await expect(stage.rig.withTree(point.id, (path) => readdir(path))).rejects.toMatchObject({
      type: 'NotReady',
      message: expect.stringContaining('of two states') as unknown,
    });
    await expect(runDestination(mover('broken'))).rejects.toThrow('permissions.facl');
    const { point: next } = await stage.rig.sync(3);
    expect(await driver.isChanged(host, volume, 'wiki')).toBe(false);
    expect(await stage.rig.withTree(next.id, (path) => readFile(join(path, 'page'), 'utf8'))).toBe('second');
  });

  it('deletes no more than it may, and has changed nothing then', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await writeFile(source(name), name);
    await stage.rig.sync(1);
    for (const name of ['a', 'b', 'c']) await rm(source(name));
    await expect(stage.rig.sync(2, { maxDeletions: 2 })).rejects.toMatchObject({ type: 'ApprovalRequired' });
    expect(await keys()).toEqual(['a', 'b', 'c', 'd', 'permissions.facl']);
    expect(await stage.rig.driver.isChanged(stage.rig.host, stage.rig.volume, 'wiki')).toBe(false);
  });

  it("shows data of others as such, and refuses a bucket in Tidemark's own layout", async () => {
    const { driver, host, volume } = stage.rig;
    await put('theirs', 'x');
    expect(await driver.inspect(host, volume)).toMatchObject({ exists: true, empty: false });
    expect((await driver.inspect(host, volume)).claim).toBeUndefined();
    const { layout: _other, ...own } = volume.options ?? {};
    await driver.claim(host, { ...volume, options: own }, TARGET);
    await expect(driver.check(host, volume, TARGET)).rejects.toMatchObject({ type: 'Fenced' });
  });

  it('belongs to one relationship, and to the primary of its newest epoch', async () => {
    const { driver, host, volume } = stage.rig;
    await writeFile(source('page'), 'one');
    await stage.rig.sync(1, { epoch: 2 });
    await expect(stage.rig.send(2, { epoch: 1 })).rejects.toMatchObject({ type: 'Fenced' });
    const other = { ...TARGET, relationship: 'other' };
    await expect(driver.check(host, volume, other)).rejects.toMatchObject({ type: 'Fenced' });
    await driver.disclaim(host, volume, 'wiki', 'alpha:/srv/wiki');
    expect((await driver.inspect(host, volume)).released).toMatchObject({ copyOf: 'alpha:/srv/wiki' });
    await driver.check(host, volume, other);
  });

  it('holds each name of a file as a file of its own, and leaves out names that stores change', async () => {
    await writeFile(source('page'), 'x');
    await link(source('page'), source('again'));
    await symlink('page', source('link'));
    await writeFile(source('odd '), 'x');
    await utimes(source('page'), 0, 1_234_567_890);
    const { stats } = await stage.rig.sync(1);
    const keepsNoTimes = store === 'WebDAV' ? ['time'] : [];
    expect(stats.leftOut?.map(({ reason }) => reason).toSorted()).toEqual([
      ...['hardlink', 'name', 'symlink'],
      ...keepsNoTimes,
    ]);
    expect(await keys()).toEqual(['again', 'page', 'permissions.facl']);
  });
});
