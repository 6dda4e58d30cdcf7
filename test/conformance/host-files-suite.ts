/** The promises of a host's files, for the suite of hosts. */
import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, realpath, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { validatePublicKey } from '../../src/landings/authorized-keys';
import type { Runner } from '../../src/hosts/contract';

/** @param current of the test that runs: the host, and an empty folder of it. */
export function testHostFiles(current: () => { host: Runner; folder: string }): void {
  const files = () => current().host.files;
  const folder = () => current().folder;

  describe('files', () => {
    it('writes a file with exactly its mode, makes its folders, and leaves nothing beside it', async () => {
      const path = join(folder(), 'a/b/state.json');
      await files().write(path, 'one');
      await files().write(path, 'two', 0o664);
      expect(await files().read(path)).toBe('two');
      expect((await stat(path)).mode & 0o777).toBe(0o664);
      expect(await files().list(join(folder(), 'a/b'))).toEqual(['state.json']);
    });

    it('keeps the old content, and nothing half-made, where writing fails', async () => {
      const path = join(folder(), 'state');
      await mkdir(path);
      await writeFile(join(path, 'inside'), '');
      await expect(files().write(path, 'can not replace a folder')).rejects.toThrow();
      expect(await files().list(folder())).toEqual(['state']);
    });

    it('shows readers the old content or the new, never a part', async () => {
      const path = join(folder(), 'state');
      const contents = ['a', 'b'].map((letter) => letter.repeat(300_000));
      await files().write(path, 'a'.repeat(300_000));
      const writes = (async () => {
        for (let round = 0; round < 20; round++) await files().write(path, contents[round % 2] ?? '');
        return true;
      })();
      for (let done = false; !done; done = await Promise.race([writes, Promise.resolve(false)])) {
        const content = await files().read(path);
        expect(contents.includes(content ?? '')).toBe(true);
      }
    });

    it('answers nothing for what is not there', async () => {
      expect(await files().read(join(folder(), 'none'))).toBeUndefined();
      expect(await files().list(join(folder(), 'none'))).toEqual([]);
      expect(await files().stat(join(folder(), 'none/deeper'))).toBeUndefined();
      await files().remove(join(folder(), 'none'));
    });

    it('tells what lies at a path, and never follows a symlink there', async () => {
      const odd = join(folder(), '-odd name\n|directory|');
      await files().mkdir(odd);
      await writeFile(join(odd, 'empty'), '');
      await symlink(odd, join(folder(), 'link'));
      expect(await files().stat(odd)).toEqual({
        type: 'directory',
        inode: String((await stat(odd)).ino),
        device: String((await stat(odd)).dev),
      });
      expect((await files().stat(join(odd, 'empty')))?.type).toBe('regular file');
      expect((await files().stat(join(folder(), 'link')))?.type).toBe('symbolic link');
      expect((await files().stat('/dev/null'))?.type).toBe('special file');
    });

    it('resolves a path, whether or not something is there', async () => {
      const real = await realpath(folder());
      await files().mkdir(join(folder(), 'a'));
      await symlink('a', join(folder(), 'link'));
      await symlink('gone/further', join(folder(), 'nowhere'));
      for (const [path, resolved] of [
        ['link', 'a'],
        ['link/b/c', 'a/b/c'],
        ['link/../a', 'a'],
        ['nowhere/b', 'gone/further/b'],
      ] as const)
        expect(await files().resolve(join(folder(), path))).toBe(join(real, resolved));
    });

    it('removes whole trees, with names of any bytes, and never follows a symlink', async () => {
      const kept = join(folder(), 'kept');
      await files().mkdir(kept);
      await writeFile(join(kept, 'file'), 'x');
      const tree = join(folder(), '-tree');
      await files().mkdir(join(tree, 'deep'), 0o700);
      await symlink(kept, join(tree, 'link'));
      await writeFile(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0x0a, 0xfe])]), 'x');
      await chmod(tree, 0o500);
      await symlink(kept, join(folder(), 'link'));
      await files().remove(tree);
      await files().remove(join(folder(), 'link'));
      await expect(lstat(tree)).rejects.toThrow('ENOENT');
      expect(await files().list(folder())).toEqual(['kept']);
      expect(await readFile(join(kept, 'file'), 'utf8')).toBe('x');
    });

    it('tells whether a folder is empty, but for some names', async () => {
      expect(await files().isEmpty(folder())).toBe(true);
      await writeFile(join(folder(), 'a*b'), '');
      await files().mkdir(join(folder(), 'kept'));
      expect(await files().isEmpty(folder())).toBe(false);
      expect(await files().isEmpty(folder(), ['kept'])).toBe(false);
      expect(await files().isEmpty(folder(), ['kept', 'a*b'])).toBe(true);
      await writeFile(join(folder(), 'axb'), '');
      expect(await files().isEmpty(folder(), ['kept', 'a*b'])).toBe(false);
      await expect(files().isEmpty(join(folder(), 'none'))).rejects.toThrow();
    });

    it('tells how much room there is as df does, and what time it is', async () => {
      const { freeBytes, inodes } = await files().room(folder());
      const { bavail, frsize, files: total } = await statfs(folder());
      // Others write to it meanwhile.
      expect(Math.abs(freeBytes - bavail * frsize)).toBeLessThan((bavail * frsize) / 2);
      expect(inodes?.total ?? 0).toBe(total);
      await expect(files().room(join(folder(), 'none'))).rejects.toThrow();
      const [before, now, after] = [Date.now(), await files().clock(), Date.now()];
      expect(now * 1000).toBeGreaterThanOrEqual(before - 1);
      expect(now * 1000).toBeLessThanOrEqual(after + 1);
    });

    it('makes a key pair that ssh can use, in place of the one before, and keeps the private half to itself', async () => {
      const path = join(folder(), 'key');
      const before = await files().makeKeyPair(path);
      const line = await files().makeKeyPair(path);
      expect(validatePublicKey(line)).toBe(line);
      expect(line).not.toBe(before);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const derived = await promisify(execFile)('ssh-keygen', ['-y', '-P', '', '-f', path]);
      expect(derived.stdout.trim()).toBe(`${line} tidemark`);
    });

    it('renames over what is there', async () => {
      await files().write(join(folder(), 'a'), 'new');
      await files().write(join(folder(), 'b'), 'old');
      await files().rename(join(folder(), 'a'), join(folder(), 'b'));
      expect(await files().list(folder())).toEqual(['b']);
      expect(await files().read(join(folder(), 'b'))).toBe('new');
    });
  });
}
