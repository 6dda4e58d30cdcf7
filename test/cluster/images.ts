/**
 * Images of this machine's own programs and the libraries that they need: no registry, no builder. Each is a Docker
 * archive, made once and kept in the cache under what went into it.
 */
import { cpSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { findGoTool } from '../support/stores/go-tools';
import { ACCOUNTS, findLibraries, layOut, makeArchive, sha256 } from './archive';
import { PAUSE_IMAGE } from './configs';
import { IMAGES } from './paths';

/** What pods of tests run: has whatever Tidemark runs where the data is, and what tests look at it with. */
export const MOVER_IMAGE = 'tidemark.test/mover:1';

interface Image {
  name: string;
  /** What a container runs that asks for nothing else. */
  command: string[];
  programs: string[];
  /** Programs by their paths, as far as they are there. */
  files?: string[];
  /** Those that the set-up has built. */
  built?: readonly ('restic' | 'rclone')[];
}

const words = (text: string) => text.trim().split(/\s+/);

const COREUTILS = words(`
  [ base64 basename cat chgrp chmod chown cksum comm cp cut date dd df dirname du echo env expr false fold head id install
  join link ln ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste printenv printf pwd readlink
  realpath rm rmdir seq sha256sum shred shuf sleep sort split stat sync tac tail tee test timeout touch tr true
  truncate tty uname uniq unlink wc whoami yes`);

const OTHERS = words(`
  sh bash busybox fallocate awk sed grep find xargs tar gzip zstd cmp diff ps curl rsync ssh sshd ssh-keygen ssh-keyscan flock setpriv setsid stunnel
  blockdev findmnt mountpoint mount umount losetup nsenter getent getfacl setfacl getfattr setfattr`);

/** What stunnel asks for when a thread of its ends: no program says so before. */
const LOADED_LATE = ['x86_64', 'aarch64'].map((machine) => `/lib/${machine}-linux-gnu/libgcc_s.so.1`);

const IMAGE_LIST: Image[] = [
  { name: PAUSE_IMAGE, command: ['/bin/busybox', 'sleep', 'inf'], programs: ['busybox'] },
  {
    name: MOVER_IMAGE,
    command: ['/bin/sleep', 'inf'],
    programs: [...COREUTILS, ...OTHERS],
    files: [
      ...['sftp-server', 'sshd-session', 'sshd-auth'].map((name) => `/usr/lib/openssh/${name}`),
      ...LOADED_LATE,
    ],
    built: ['restic', 'rclone'],
  },
];

function findProgram(name: string): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  // A checkout's own programs are scripts, of which a container could run none.
  const outer = folders.filter((folder) => folder && !folder.includes('node_modules'));
  const path = outer.map((folder) => join(folder, name)).find((each) => existsSync(each));
  if (!path) throw new Error(`${name} is not installed: run \`npm run set-up -- --for-tests\``);
  return path;
}

/** Changes whenever a library of the machine is installed or replaced. */
const LIBRARIES = '/etc/ld.so.cache';

/** What would go into an image, by the size and time of each program. To find all libraries takes half a second. */
function keyOf(image: Image, programs: readonly string[]): string {
  const stats = [...programs, ...(image.built ?? []).map(findGoTool), LIBRARIES].map((file) => {
    const { size, mtimeMs } = statSync(file);
    return [file, size, mtimeMs];
  });
  return sha256(JSON.stringify([image, ACCOUNTS, stats])).slice(0, 16);
}

async function write(image: Image, files: readonly string[], path: string): Promise<void> {
  const { name, command, built = [] } = image;
  await makeArchive(
    { name, config: { Env: ['PATH=/usr/sbin:/usr/bin'], Cmd: command } },
    path,
    async (root) => {
      await layOut(root, files);
      for (const tool of built) cpSync(findGoTool(tool), join(root, 'usr/bin', tool));
    },
  );
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
