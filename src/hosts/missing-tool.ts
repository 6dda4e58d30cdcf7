import { basename } from 'node:path';
import { TidemarkError } from '../model/errors';
import { CURRENT_TOOLS } from './tool-version';

/** The Debian package of each program that Tidemark may run. */
const PACKAGES: Readonly<Record<string, string>> = {
  rsync: 'rsync',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  'ssh-keyscan': 'openssh-client',
  sshd: 'openssh-server',
  stunnel: 'stunnel4',
  btrfs: 'btrfs-progs',
  'mkfs.btrfs': 'btrfs-progs',
  'mkfs.xfs': 'xfsprogs',
  'mkfs.ext4': 'e2fsprogs',
  chattr: 'e2fsprogs',
  tar: 'tar',
  dd: 'coreutils',
  cp: 'coreutils',
  sync: 'coreutils',
  rm: 'coreutils',
  stat: 'coreutils',
  du: 'coreutils',
  realpath: 'coreutils',
  find: 'findutils',
  xargs: 'findutils',
  flock: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  umount: 'mount',
  losetup: 'mount',
  getfattr: 'attr',
  setfattr: 'attr',
  getfacl: 'acl',
  setfacl: 'acl',
  ip: 'iproute2',
  zfs: 'zfsutils-linux',
  zpool: 'zfsutils-linux',
  perl: 'perl-base',
  podman: 'podman',
  docker: 'docker.io',
  ctr: 'containerd',
  skopeo: 'skopeo',
};

/** Those that Debian has too old, or may have. */
const BUILT = ['restic', 'rclone'];

/** The command that brings a program, where one is known. */
export function findFix(program: string): string | undefined {
  if (BUILT.includes(basename(program))) return CURRENT_TOOLS;
  const name = findPackage(program);
  return name === undefined ? undefined : `sudo apt-get install ${name}`;
}

/** The Debian package that brings a program; undefined where none is known. */
export function findPackage(program: string): string | undefined {
  const name = basename(program);
  return Object.hasOwn(PACKAGES, name) ? PACKAGES[name] : undefined;
}

/** The error for a program that a host lacks, with the command that installs it. */
export function makeToolMissing(host: string, program: string, cause?: unknown): TidemarkError {
  const fix = findFix(program);
  const hint = fix ? `on ${host}: ${fix}` : `install ${basename(program)} on ${host}, or check the path`;
  return new TidemarkError('ToolMissing', `there is no program ${program}`, { host, hint }, { cause });
}
