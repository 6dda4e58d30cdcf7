/** What rsync does not carry, or a receiver does not keep, is counted and named; `verify` says where it differs. */
import { execFile } from 'node:child_process';
import { chown, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Host } from '../../src/hosts/contract';
import type { Landings } from '../../src/landings/contract';
import { rsyncMover } from '../../src/movers/rsync';
import { mergeLeftOut } from '../../src/model/left-out';
import { directoryDriver } from '../../src/volumes/directory';
import { TestFilesystem } from '../support/storage/filesystems';
import {
  directoryAt,
  makeLocalHosts,
  makeMoverRig,
  moverSpec,
  type MakeHosts,
  type MoverRig,
} from '../support/rigs/mover-rig';

const run = promisify(execFile);

const USER = 4711;
const AS_USER = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', '--'];

/** The target's agent, and whatever its landings run, are not root. */
const makeHostsWithoutRoot: MakeHosts = async (homes) => {
  const hosts = await makeLocalHosts(homes);
  const { landings } = hosts.service;
  const open: Landings['open'] = (request) =>
    landings.open({ ...request, command: [...AS_USER, ...request.command] });
  const target: Host = {
    ...hosts.target,
    files: hosts.target.files,
    endAttempts: (attempt) => hosts.target.endAttempts(attempt),
    pipe: (argvs, options) => hosts.target.pipe(argvs, options),
    run: (argv, options) => hosts.target.run([...AS_USER, ...argv], options),
  };
  // Whoever writes there must come through.
  await run('chmod', ['0755', join(homes.target, '..')]);
  return {
    ...hosts,
    target,
    service: { ...hosts.service, landings: { ...landings, open } },
  };
};

const reasons = (list: { reason: string; count: number; examples: string[] }[] = []) =>
  Object.fromEntries(list.map(({ reason, count, examples }) => [reason, [count, ...examples.toSorted()]]));

describe('a sync by rsync', () => {
  let rig: MoverRig;
  const at = (...names: string[]) => join(rig.sourcePath, ...names);
  afterEach(() => rig.dispose());

  it('names what is mounted inside, and what lies where Tidemark has its own', async () => {
    rig = await makeMoverRig(rsyncMover);
    await mkdir(at('var/cache'), { recursive: true });
    await mkdir(at('deep/lost+found'), { recursive: true });
    await mkdir(at('deep/.tidemark'), { recursive: true });
    await mkdir(at('lost+found'));
    await mkdir(at('.tidemark'));
    await mkdir(at('a/.tidemark-partial'), { recursive: true });
    await writeFile(at('deep/lost+found/mine'), 'mine');
    await writeFile(at('deep/.tidemark/mine'), 'mine');
    await run('mount', ['-t', 'tmpfs', 'none', at('var/cache')]);
    try {
      await writeFile(at('var/cache/file'), 'not carried');
      // An empty lost+found is as mkfs made it: nobody's data.
      expect(reasons((await rig.sync()).leftOut)).toEqual({
        mount: [1, 'var/cache'],
        tidemark: [2, '.tidemark', 'a/.tidemark-partial'],
      });
      await writeFile(at('lost+found/file'), 'found');
      await writeFile(at('.tidemark/state.json'), '{}');
      const expected = {
        mount: [1, 'var/cache'],
        tidemark: [1, 'a/.tidemark-partial'],
        'lost+found': [1, 'lost+found'],
      };
      expect(reasons((await rig.sync()).leftOut)).toEqual(expected);
      const comparison = await rig.compare();
      expect(comparison).toMatchObject({ total: 0 });
      expect(reasons(comparison.leftOut)).toEqual(expected);
    } finally {
      await run('umount', [at('var/cache')]);
    }
    // What is deeper is the user's own, and carried.
    for (const path of ['deep/lost+found/mine', 'deep/.tidemark/mine'])
      expect(await readFile(join(rig.targetPath, path), 'utf8')).toBe('mine');
    expect(await readdir(join(rig.targetPath, 'var/cache'))).toEqual([]);
  });

  it('does not name what the spec excludes', async () => {
    rig = await makeMoverRig(rsyncMover);
    for (const name of ['one/cache', 'two/data', 'three']) {
      await mkdir(at(name), { recursive: true });
      await run('mount', ['-t', 'tmpfs', 'none', at(name)]);
    }
    try {
      const mover = moverSpec({ rsync: { exclude: ['cache', '/two/'] } });
      expect(reasons((await rig.sync({ mover })).leftOut)).toEqual({ mount: [1, 'three'] });
    } finally {
      for (const name of ['one/cache', 'two/data', 'three']) await run('umount', [at(name)]);
    }
  });

  it('carries sockets and pipes, and leaves nothing out of a tree of its own', async () => {
    rig = await makeMoverRig(rsyncMover);
    const server = createServer().listen(at('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    await run('mkfifo', [at('pipe')]);
    expect((await rig.sync()).leftOut).toBeUndefined();
    server.close();
    expect(await readdir(rig.targetPath)).toEqual(['pipe', 'socket']);
    const noSpecials = moverSpec({ rsync: { extraOptions: ['--no-specials'] } });
    expect(reasons((await rig.sync({ mover: noSpecials })).leftOut)).toMatchObject({
      socket: [expect.any(Number) as number, 'pipe'],
    });
  });

  it('names what a receiver that is not root did not keep, and verify finds it different', async () => {
    rig = await makeMoverRig(rsyncMover, undefined, makeHostsWithoutRoot);
    await chown(rig.targetPath, USER, USER);
    await chown(rig.sourcePath, USER, USER);
    for (const name of ['plain', 'foreign', 'able', 'trusted']) {
      await writeFile(at(name), name);
      await chown(at(name), USER, USER);
    }
    await chown(at('foreign'), 33, 33);
    await run('setcap', ['cap_net_raw+ep', at('able')]);
    await run('setfattr', ['-n', 'trusted.note', '-v', 'x', at('trusted')]);
    await run('mknod', [at('null'), 'c', '1', '3']);
    await chown(at('null'), USER, USER);
    const expected = {
      owner: [1, 'foreign'],
      device: [1, 'null'],
      capability: [1, 'able'],
      xattr: [1, 'trusted'],
    };
    expect(reasons((await rig.sync()).leftOut)).toEqual(expected);
    const { differences, unexplained } = await rig.compare({
      capturedAt: new Date(Date.now() + 60_000).toISOString(),
    });
    expect(differences.map(({ path, what }) => `${path}: ${what.join()}`).toSorted()).toEqual([
      'able: xattr',
      'foreign: owner',
      'null: missing',
      'trusted: xattr',
    ]);
    expect(unexplained).toBe(4);
    // A second sync has nothing to do, and says the same.
    const again = await rig.sync();
    expect(again).toMatchObject({ filesChanged: 0 });
    expect(reasons(again.leftOut)).toEqual(expected);
  });

  it.each(['Snapshot', 'Clone', 'Direct'] as const)(
    'by %s names mounts and subvolumes alike',
    async (method) => {
      rig = await makeMoverRig(rsyncMover);
      const filesystem = await TestFilesystem.make('btrfs');
      const path = join(filesystem.mountPoint, 'volume');
      await run('btrfs', ['subvolume', 'create', path]);
      await run('btrfs', ['subvolume', 'create', join(path, 'inner')]);
      await mkdir(join(path, 'mounted'));
      await run('mount', ['-t', 'tmpfs', 'none', join(path, 'mounted')]);
      try {
        await writeFile(join(path, 'inner', 'file'), 'not carried');
        const request = { relationship: 'wiki', syncId: 'wiki-000001', method };
        const claim = { relationship: 'wiki', epoch: 1, role: 'source' as const };
        await directoryDriver.claim(rig.source, directoryAt(path), claim);
        const capture = await directoryDriver.capture(rig.source, directoryAt(path), request);
        const { leftOut } = await rig.sync({ sourcePath: capture.path });
        const all = mergeLeftOut(capture.leftOut, leftOut);
        expect(reasons(all)).toEqual({ mount: [1, 'mounted'], subvolume: [1, 'inner'] });
      } finally {
        await run('umount', [join(path, 'mounted')]);
        await filesystem.dispose();
      }
    },
  );

  it('is not repeated where times are kept in whole seconds, which is told', async () => {
    rig = await makeMoverRig(rsyncMover);
    const filesystem = await TestFilesystem.make('ext3');
    try {
      await writeFile(at('exact'), 'x');
      await writeFile(at('whole'), 'x');
      await utimes(at('exact'), 1_700_000_000.25, 1_700_000_000.25);
      await utimes(at('whole'), 1_700_000_000, 1_700_000_000);
      await utimes(rig.sourcePath, 1_700_000_000, 1_700_000_000);
      const targetPath = join(filesystem.mountPoint, 'target');
      await mkdir(targetPath);
      const first = await rig.sync({ targetPath });
      expect(first.filesChanged).toBeGreaterThan(0);
      expect(reasons(first.leftOut)).toEqual({ time: [1, 'exact'] });
      expect(await rig.sync({ targetPath })).toMatchObject({ filesChanged: 0 });
      await utimes(at('exact'), 1_700_000_001.25, 1_700_000_001.25);
      expect(await rig.sync({ targetPath })).toMatchObject({ filesChanged: 1 });
    } finally {
      await filesystem.dispose();
    }
  });

  it('goes on where a filesystem keeps neither attributes nor ACLs, and names them', async () => {
    rig = await makeMoverRig(rsyncMover);
    const targetPath = join(rig.folder, 'ramfs');
    await mkdir(targetPath);
    await run('mount', ['-t', 'ramfs', 'none', targetPath]);
    try {
      for (const name of ['plain', 'noted', 'able', 'shared']) await writeFile(at(name), name);
      await run('setfattr', ['-n', 'user.note', '-v', 'x', at('noted')]);
      await run('setcap', ['cap_net_raw+ep', at('able')]);
      await run('setfacl', ['-m', 'u:1:r', at('shared')]);
      const expected = { xattr: [1, 'noted'], capability: [1, 'able'], acl: [1, 'shared'] };
      expect(reasons((await rig.sync({ targetPath })).leftOut)).toEqual(expected);
      expect(await rig.sync({ targetPath })).toMatchObject({ filesChanged: 0 });
      const { differences } = await rig.compare({ targetPath });
      expect(differences.map(({ path, what }) => `${path}: ${what.join()}`).toSorted()).toEqual([
        'able: xattr',
        'noted: xattr',
        'shared: acl',
      ]);
    } finally {
      await run('umount', [targetPath]);
    }
  });
});
