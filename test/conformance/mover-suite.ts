/** What every mover of trees promises, tried on real hosts. See `src/movers/contract.ts`. */
import { chmod, link, mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mover, WriteMode } from '../../src/movers/contract';
import { compareTrees, describeTree } from '../support/trees/compare-trees';
import { errorOfType } from '../support/expect-type';
import { findProcesses } from '../support/hosts/find-processes';
import {
  captureOf,
  directoryAt,
  inAnHour,
  makeMoverRig,
  moverSpec,
  type MoverRig,
  type MakeHosts,
  makeLocalHosts,
  outlastGrain,
} from '../support/rigs/mover-rig';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { reachHere } from '../../src/movers/reach';

const WRITE_MODES: readonly WriteMode[] = ['inPlace', 'delayed'];

/** @param writeModes those that are tried in full; how bytes are written does not depend on the way there. */
export function testMover(
  mover: Mover,
  where = 'here',
  {
    makeHosts = makeLocalHosts,
    writeModes = WRITE_MODES,
    under,
  }: {
    makeHosts?: MakeHosts;
    writeModes?: readonly WriteMode[];
    /** A folder that both hosts see, and this process; by default that for temporary files. */
    under?: () => Promise<string>;
  } = {},
): void {
  const makeRig = async () => makeMoverRig(mover, await under?.(), makeHosts);
  describe(`the ${mover.kind} mover, ${where}`, () => {
    let rig: MoverRig;
    const at = (name: string) => join(rig.sourcePath, name);
    const atTarget = (name: string) => join(rig.targetPath, name);

    beforeEach(async () => {
      rig = await makeRig();
    });
    afterEach(() => rig.dispose());

    async function expectEqual(): Promise<void> {
      expect(await compareTrees(rig.sourcePath, rig.targetPath, { sparseness: true })).toEqual([]);
    }

    describe.each(writeModes)('writing %s', (writeMode) => {
      it('brings everything over, and then finds nothing more to do', async () => {
        await makeNastyTree(rig.sourcePath);
        const first = await rig.sync({ writeMode });
        await expectEqual();
        expect(first.filesChanged).toBeGreaterThan(20);
        expect(await rig.sync({ writeMode })).toMatchObject({
          ...{ filesChanged: 0, filesDeleted: 0, bytesChanged: 0 },
          ...{ totalFiles: first.totalFiles, totalBytes: first.totalBytes },
        });
        await expectEqual();
      });

      it('follows deletions, renames and changes of kind', async () => {
        await makeNastyTree(rig.sourcePath);
        await rig.sync({ writeMode });
        await rm(at('links'), { recursive: true });
        await rename(at('modes'), at('modes, renamed'));
        await rm(at('content'));
        await mkdir(at('content'));
        await writeFile(at('content/inside'), 'was a file');
        await rm(at('special'), { recursive: true });
        await writeFile(at('special'), 'was a folder');
        await rm(at('empty'));
        await symlink('elsewhere', at('empty'));
        const stats = await rig.sync({ writeMode, maxDeletions: 100 });
        await expectEqual();
        expect(stats.filesDeleted).toBeGreaterThan(10);
        // Whoever is limited goes over the tree beforehand, and does the same.
        expect(await rig.sync({ writeMode, maxDeletions: 0 })).toMatchObject({ filesChanged: 0 });
      });

      it('counts and follows a change of nothing but metadata', async () => {
        await makeNastyTree(rig.sourcePath);
        await rig.sync({ writeMode });
        for (const change of [
          () => chmod(at('modes/644'), 0o640),
          () => rig.source.run(['setfattr', '-n', 'user.new', '-v', '1', at('attributes/xattr')]),
          () => rig.source.run(['setfacl', '-m', 'u:99:r', at('attributes/acl')]),
          () => rig.source.run(['touch', '-d', '2001-01-01', at('folder')]),
          () => rig.source.run(['chown', '-h', '7:8', at('links/upwards')]),
        ]) {
          await change();
          expect((await rig.sync({ writeMode })).filesChanged).toBe(1);
          await expectEqual();
        }
      });

      it('follows a file that becomes a second name of another', async () => {
        await writeFile(at('one'), 'same');
        await rig.source.run(['cp', '-a', at('one'), at('two')]);
        await rig.sync({ writeMode });
        await rm(at('two'));
        await link(at('one'), at('two'));
        expect((await rig.sync({ writeMode })).filesChanged).toBeGreaterThan(0);
        await expectEqual();
      });
    });

    it('parts two names of one file that became two files, where it writes delayed', async () => {
      await writeFile(at('one'), 'same');
      await link(at('one'), at('two'));
      await rig.sync();
      await rm(at('two'));
      await writeFile(at('two'), 'its own by now');
      await outlastGrain();
      await rig.sync({ writeMode: 'delayed' });
      await expectEqual();
      expect((await rig.sync({ writeMode: 'delayed' })).filesChanged).toBe(0);
    });

    it('reports progress that begins with scanning', async () => {
      await makeNastyTree(rig.sourcePath);
      const phases = new Set<string>();
      await rig.sync({ onProgress: ({ phase }) => phases.add(phase) });
      expect([...phases][0]).toBe('scanning');
      expect(phases.size).toBeGreaterThan(1);
    });

    it('finds a tree that it brought over equal', async () => {
      await makeNastyTree(rig.sourcePath);
      await rig.sync();
      expect(await rig.verify()).toEqual([]);
    });

    it('names each difference when it compares, and changes nothing', async () => {
      await makeNastyTree(rig.sourcePath);
      await writeFile(at('lost'), 'x');
      await rig.sync();
      const { atime, mtime } = await stat(atTarget('content'));
      await rig.target.run([
        'sh',
        '-c',
        'printf X | dd conv=notrunc bs=1 seek=50000 of="$1"',
        'sh',
        atTarget('content'),
      ]);
      await rig.target.run(['touch', '-d', mtime.toISOString(), atTarget('content')]);
      await rig.target.run([
        'cp',
        '--attributes-only',
        '--preserve=timestamps',
        at('content'),
        atTarget('content'),
      ]);
      await chmod(atTarget('modes/644'), 0o600);
      await rig.target.run(['setfattr', '-x', 'user.text', atTarget('attributes/xattr')]);
      await rig.target.run(['setfacl', '-b', atTarget('attributes/acl')]);
      await rig.target.run(['chown', '1:1', atTarget('empty')]);
      await writeFile(atTarget('links/extra\nline'), 'x');
      await rm(atTarget('lost'));
      const before = [await describeTree(rig.sourcePath), await describeTree(rig.targetPath)];
      const found = new Map(
        (await rig.verify({ capturedAt: inAnHour() })).map((entry) => [entry.path, entry]),
      );
      expect(found.get('content')?.what).toEqual(['content']);
      expect(found.get('modes/644')?.what).toEqual(['permissions']);
      expect(found.get('attributes/xattr')?.what).toEqual(['xattr']);
      expect(found.get('attributes/acl')?.what).toContain('acl');
      expect(found.get('empty')?.what).toEqual(['owner', 'group']);
      expect(found.get('links/extra\\#012line')?.what).toEqual(['extra']);
      expect(found.get('lost')?.what).toEqual(['missing']);
      expect([...found.values()].filter(({ changedSince }) => changedSince)).toEqual([]);
      expect([await describeTree(rig.sourcePath), await describeTree(rig.targetPath)]).toEqual(before);
      expect(atime).toBeDefined();
    });

    it('tells what the source changed since from what was damaged', async () => {
      await makeNastyTree(rig.sourcePath);
      await mkdir(at('gone'));
      await writeFile(at('gone/inside'), 'x');
      await rig.sync();
      await rm(atTarget('empty'));
      const capturedAt = new Date(Date.now() + 50).toISOString();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await writeFile(at('content'), 'changed');
      await rm(at('gone'), { recursive: true });
      const found = new Map(
        (await rig.verify({ capturedAt })).map((entry) => [entry.path, entry.changedSince]),
      );
      expect(found.get('content')).toBe(true);
      expect(found.get('gone/inside')).toBe(true);
      expect(found.get('empty')).toBe(false);
    });

    it('stops with the reason when aborted, leaves no process, and goes on later', async () => {
      await makeNastyTree(rig.sourcePath);
      await rig.source.run(['truncate', '-s', '0', at('big')]);
      await rig.source.run(['dd', 'if=/dev/urandom', `of=${at('big')}`, 'bs=1M', 'count=64']);
      const reason = new Error('enough');
      const ending = new AbortController();
      const slow = moverSpec({ rsync: { bandwidthLimit: '4MiB' } });
      const sync = rig.sync({
        mover: slow,
        signal: ending.signal,
        onProgress: ({ bytesDone }) => bytesDone > 0 && ending.abort(reason),
      });
      await expect(sync).rejects.toBe(reason);
      expect(await findProcesses(rig.folder, 'tidemark-landing')).toEqual([]);
      await rig.sync();
      await expectEqual();
    });

    it('refuses to talk to a host with another key', async () => {
      const other = await makeRig();
      try {
        const changeLanding = (landing: { port: number }) =>
          ({ ...landing, port: other.service.port }) as never;
        await expect(rig.sync({ changeLanding })).rejects.toThrow(errorOfType('HostKeyMismatch'));
      } finally {
        await other.dispose();
      }
    });

    it('is refused without the key that the landing was opened for', async () => {
      const { id, source, service, target, targetPath, sourcePath } = rig;
      const spec = moverSpec();
      const offer = await mover.offer(source, {
        id,
        reach: reachHere(source, sourcePath),
        targetHost: 'beta',
        mover: spec,
      });
      const request = {
        id,
        reach: reachHere(target, targetPath),
        volume: directoryAt(targetPath),
        offer,
        writeMode: 'inPlace' as const,
        mover: spec,
        expiresAt: inAnHour(),
      };
      const opened = await mover.receive(target, service.landings, request);
      await mover.offer(source, {
        id,
        reach: reachHere(source, sourcePath),
        targetHost: 'beta',
        mover: spec,
      });
      const { signal } = new AbortController();
      const onProgress = () => undefined;
      const push = {
        id,
        reach: reachHere(source, sourcePath),
        capture: captureOf(sourcePath),
        opened,
        writeMode: 'inPlace' as const,
        mover: spec,
        told: offer.told,
        signal,
        onProgress,
      };
      await expect(mover.transfer(source, push)).rejects.toThrow(errorOfType('AuthRejected'));
    });

    it('is refused by a landing that expired', async () => {
      const expiresAt = new Date(Date.now() - 2000).toISOString();
      await expect(rig.sync({ expiresAt })).rejects.toThrow(errorOfType('AuthRejected'));
    });

    it('says that a host is unreachable where nothing listens', async () => {
      // No ephemeral port: another process could have it by then.
      const sync = rig.sync({ changeLanding: (landing) => ({ ...landing, port: 1 }) });
      await expect(sync).rejects.toThrow(errorOfType('HostUnreachable'));
    });

    it('misses a source or a target that is not there, and makes neither', async () => {
      const gone = join(rig.folder, 'gone');
      await expect(rig.sync({ sourcePath: gone })).rejects.toThrow(errorOfType('VolumeMissing'));
      await writeFile(at('x'), 'x');
      await expect(rig.sync({ targetPath: gone })).rejects.toThrow(errorOfType('VolumeMissing'));
      await expect(stat(gone)).rejects.toThrow('ENOENT');
    });

    it('opens no landing for a command that it never offers', async () => {
      const { id, source, service, target, targetPath, sourcePath } = rig;
      const spec = moverSpec();
      const offer = await mover.offer(source, {
        id,
        reach: reachHere(source, sourcePath),
        targetHost: 'beta',
        mover: spec,
      });
      for (const command of [['rm', '-rf', '/'], ['rsync', '--server', '--sender', '.', '/etc'], []]) {
        const serverCommands = { inPlace: command, delayed: command };
        const forged = { ...offer, told: { ...offer.told, serverCommands } };
        const request = {
          id,
          reach: reachHere(target, targetPath),
          volume: directoryAt(targetPath),
          offer: forged,
          writeMode: 'inPlace' as const,
          mover: spec,
          expiresAt: inAnHour(),
        };
        await expect(mover.receive(target, service.landings, request)).rejects.toThrow(
          errorOfType('InvalidSpec'),
        );
      }
    });

    it('never touches a transfer of the same name between other homes', async () => {
      const other = await makeRig();
      try {
        for (const { sourcePath } of [rig, other])
          await writeFile(join(sourcePath, 'big'), Buffer.alloc(16e6, 'x'));
        const slow = moverSpec({ rsync: { bandwidthLimit: '8MiB', compress: 'none' } });
        let begin: () => void = () => undefined;
        const begun = new Promise<void>((resolve) => (begin = resolve));
        const first = rig.sync({ mover: slow, onProgress: ({ bytesDone }) => bytesDone > 0 && begin() });
        await begun;
        await Promise.all([first, other.sync()]);
        await expectEqual();
      } finally {
        await other.dispose();
      }
    });

    it('leaves neither key nor landing behind, however often it is closed', async () => {
      await writeFile(at('x'), 'x');
      await rig.sync();
      await rig.close();
      expect(await readdir(join(rig.target.home, 'landings'))).toEqual([]);
      const { stdout } = await rig.source.run(['find', rig.source.home, '-name', 'key*']);
      expect(stdout.toString()).toBe('');
    });

    it('leaves a successor alone when an earlier sync is closed late', async () => {
      const { id, source, service, target } = rig;
      await writeFile(at('x'), 'x');
      const close = async () => {
        for (const host of [source, target])
          await mover.close(
            host,
            { runner: host, landings: service.landings },
            { ...id, syncId: 'wiki-000000' },
          );
      };
      let closed: Promise<void> | undefined;
      await rig.sync({ changeLanding: (landing) => landing, onProgress: () => void (closed ??= close()) });
      await closed;
      await expectEqual();
    });
  });
}
