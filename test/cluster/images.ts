/**
 * Images of this machine's own programs and the libraries that they need: no registry, no builder. Each is a Docker
 * archive, made once and kept in the cache under what went into it.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { PAUSE_IMAGE } from './configs';
import { IMAGES } from './paths';
import { run } from './run';

/** What pods of tests run: has whatever Tidemark runs where the data is, and what tests look at it with. */
export const MOVER_IMAGE = 'tidemark.test/mover:1';

interface Image {
  name: string;
  /** What a container runs that asks for nothing else. */
  command: string[];
  programs: string[];
  /** Programs by their paths, as far as they are there. */
  files?: string[];
}

const words = (text: string) => text.trim().split(/\s+/);

const COREUTILS = words(`
  [ base64 basename cat chgrp chmod chown cksum comm cp cut date dd df dirname du echo env expr false fold head id install
  join link ln ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste printenv printf pwd readlink
  realpath rm rmdir seq sha256sum shred shuf sleep sort split stat sync tac tail tee test timeout touch tr true
  truncate tty uname uniq unlink wc whoami yes`);

const OTHERS = words(`
  sh bash busybox awk sed grep find xargs tar gzip zstd cmp diff ps curl rsync ssh sshd ssh-keygen flock setpriv setsid
  blockdev findmnt mountpoint mount umount losetup nsenter getent getfacl setfacl getfattr setfattr`);

const IMAGE_LIST: Image[] = [
  { name: PAUSE_IMAGE, command: ['/bin/busybox', 'sleep', 'inf'], programs: ['busybox'] },
  {
    name: MOVER_IMAGE,
    command: ['/bin/sleep', 'inf'],
    programs: [...COREUTILS, ...OTHERS],
    files: ['sftp-server', 'sshd-session', 'sshd-auth'].map((name) => `/usr/lib/openssh/${name}`),
  },
];

const ACCOUNTS = {
  passwd: [
    'root:x:0:0:root:/root:/bin/sh',
    'sshd:x:100:65534::/run/sshd:/bin/false',
    'nobody:x:65534:65534:nobody:/:/bin/false',
  ],
  group: ['root:x:0:', 'nogroup:x:65534:'],
  'nsswitch.conf': ['passwd: files', 'group: files', 'hosts: files dns'],
};

function findProgram(name: string): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  // A checkout's own programs are scripts, of which a container could run none.
  const outer = folders.filter((folder) => folder && !folder.includes('node_modules'));
  const path = outer.map((folder) => join(folder, name)).find((each) => existsSync(each));
  if (!path) throw new Error(`${name} is not installed: run \`npm run set-up -- --for-tests\``);
  return path;
}

/** Libraries of these programs, and the loader; those that are static have none. */
async function findLibraries(programs: readonly string[]): Promise<string[]> {
  // It fails for those that are static, and goes on with the others.
  const text = await run(['sh', '-c', 'ldd "$@" 2> /dev/null || true', 'sh', ...programs]);
  return [...new Set([...text.matchAll(/(?:^\s+|=> )(\/[^ ]+) \(0x/gm)].map(([, path = '']) => path))];
}

/** A path of this machine as it is called in an image: there /bin, /sbin and /lib are links into /usr. */
function placeOf(path: string): string {
  return path.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/').replace(/^\/usr\/local\//, '/usr/');
}

async function layOut(root: string, files: readonly string[]): Promise<void> {
  const folders = [
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
  for (const folder of [...folders, 'tmp', 'root', 'run/sshd'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(root, name));
  await symlink('/run', join(root, 'var/run'));
  for (const file of files) {
    const place = join(root, placeOf(file));
    mkdirSync(dirname(place), { recursive: true });
    cpSync(realpathSync(file), place);
    chmodSync(place, 0o755);
  }
  for (const [name, lines] of Object.entries(ACCOUNTS))
    await writeFile(join(root, 'etc', name), `${lines.join('\n')}\n`);
  chmodSync(join(root, 'tmp'), 0o1777);
  chmodSync(join(root, 'root'), 0o700);
}

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;
const TAR = ['tar', '--sort=name', '--mtime=@0', '--numeric-owner', '--owner=0', '--group=0'];

async function write(image: Image, files: readonly string[], path: string): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const work = mkdtempSync(join(IMAGES, '.make-'));
  try {
    await layOut(join(work, 'root'), files);
    await run([...TAR, '-C', join(work, 'root'), '-cf', join(work, 'layer.tar'), '.']);
    const config = JSON.stringify({
      architecture: ARCHITECTURE,
      os: 'linux',
      config: { Env: ['PATH=/usr/sbin:/usr/bin'], Cmd: image.command },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(await readFile(join(work, 'layer.tar')))}`] },
    });
    const configName = `${sha256(config)}.json`;
    await writeFile(join(work, configName), config);
    const manifest = [{ Config: configName, RepoTags: [image.name], Layers: ['layer.tar'] }];
    await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
    await run([...TAR, '-C', work, '-cf', join(work, 'image.tar'), 'manifest.json', configName, 'layer.tar']);
    renameSync(join(work, 'image.tar'), path);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Changes whenever a library of the machine is installed or replaced. */
const LIBRARIES = '/etc/ld.so.cache';

/** What would go into an image, by the size and time of each program. To find all libraries takes half a second. */
function keyOf(image: Image, programs: readonly string[]): string {
  const stats = [...programs, LIBRARIES].map((file) => {
    const { size, mtimeMs } = statSync(file);
    return [file, size, mtimeMs];
  });
  return sha256(JSON.stringify([image, ACCOUNTS, stats])).slice(0, 16);
}

async function ensureImage(image: Image): Promise<string> {
  const programs = image.programs.map(findProgram);
  programs.push(...(image.files ?? []).filter((path) => existsSync(path)));
  const [, name = ''] = /\/(.*):/.exec(image.name) ?? [];
  const path = join(IMAGES, `${name}-${keyOf(image, programs)}.tar`);
  if (existsSync(path)) return path;
  await write(image, [...programs, ...(await findLibraries(programs))], path);
  removeOld(name);
  return path;
}

const DAY_MS = 86_400_000;

/** Programs that are replaced now and then would else fill the cache. Today's may be of another checkout. */
function removeOld(name: string): void {
  const paths = readdirSync(IMAGES).map((each) => join(IMAGES, each));
  const old = paths.filter(
    (path) => basename(path).startsWith(`${name}-`) && Date.now() - statSync(path).mtimeMs > DAY_MS,
  );
  for (const path of old) rmSync(path, { force: true });
}

/** The archives of all images that clusters have; makes those that are not in the cache, which takes a second or two. */
export async function ensureImages(): Promise<string[]> {
  return await Promise.all(IMAGE_LIST.map(ensureImage));
}
