/** What images of this machine's own files are made of: a root that is laid out, and the Docker archive of it. */
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './run';

export const ACCOUNTS = {
  passwd: [
    'root:x:0:0:root:/root:/bin/sh',
    'sshd:x:100:65534::/run/sshd:/bin/false',
    'nobody:x:65534:65534:nobody:/:/bin/false',
  ],
  group: ['root:x:0:', 'nogroup:x:65534:'],
  'nsswitch.conf': ['passwd: files', 'group: files', 'hosts: files dns'],
};

/** Libraries of these programs, and the loader; those that are static have none. */
export async function findLibraries(programs: readonly string[]): Promise<string[]> {
  // It fails for those that are static, and goes on with the others.
  const text = await run(['sh', '-c', 'ldd "$@" 2> /dev/null || true', 'sh', ...programs]);
  return [...new Set([...text.matchAll(/(?:^\s+|=> )(\/[^ ]+) \(0x/gm)].map(([, path = '']) => path))];
}

/** A path of this machine as it is called in an image: there /bin, /sbin and /lib are links into /usr. */
export function placeOf(path: string): string {
  return path.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/').replace(/^\/usr\/local\//, '/usr/');
}

/** Copies files of this machine to where they are in an image, links followed. */
export function copyFiles(root: string, files: readonly string[]): void {
  for (const file of files) {
    const place = join(root, placeOf(file));
    mkdirSync(dirname(place), { recursive: true });
    cpSync(realpathSync(file), place);
    chmodSync(place, 0o755);
  }
}

const FOLDERS = [
  'usr/bin',
  'usr/sbin',
  'usr/lib',
  'usr/lib64',
  'etc',
  'proc',
  'sys',
  'dev',
  'var',
  'home',
  'mnt',
];

/** A root with these files, the folders that every root has, and accounts. */
export async function layOut(root: string, files: readonly string[]): Promise<void> {
  for (const folder of [...FOLDERS, 'tmp', 'root', 'run/sshd'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(root, name));
  await symlink('/run', join(root, 'var/run'));
  copyFiles(root, files);
  for (const [name, lines] of Object.entries(ACCOUNTS))
    await writeFile(join(root, 'etc', name), `${lines.join('\n')}\n`);
  chmodSync(join(root, 'tmp'), 0o1777);
  chmodSync(join(root, 'root'), 0o700);
}

export const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;
const TAR = ['tar', '--sort=name', '--mtime=@0', '--numeric-owner', '--owner=0', '--group=0'];

/** What a container is started with, as an image's configuration has it. */
export interface ImageConfig {
  Env?: readonly string[];
  Entrypoint?: readonly string[];
  Cmd?: readonly string[];
  User?: string;
}

/** Makes a Docker archive of one layer. @param fill lays out its root */
export async function makeArchive(
  { name, config }: { name: string; config: ImageConfig },
  path: string,
  fill: (root: string) => Promise<void>,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const work = mkdtempSync(join(dirname(path), '.make-'));
  try {
    await fill(join(work, 'root'));
    await run([...TAR, '-C', join(work, 'root'), '-cf', join(work, 'layer.tar'), '.']);
    const text = JSON.stringify({
      architecture: ARCHITECTURE,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(await readFile(join(work, 'layer.tar')))}`] },
    });
    const configName = `${sha256(text)}.json`;
    await writeFile(join(work, configName), text);
    const manifest = [{ Config: configName, RepoTags: [name], Layers: ['layer.tar'] }];
    await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
    await run([...TAR, '-C', work, '-cf', join(work, 'image.tar'), 'manifest.json', configName, 'layer.tar']);
    renameSync(join(work, 'image.tar'), path);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
