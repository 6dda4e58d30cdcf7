import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError } from './report.mjs';
import { findProgram, run, runChecked } from './run.mjs';

/** The programs that Tidemark runs, and the Debian package of each. */
const TOOLS = {
  rsync: 'rsync',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  sshd: 'openssh-server',
  flock: 'util-linux',
  setpriv: 'util-linux',
};

/** What its tests run besides. */
const TEST_TOOLS = {
  'mkfs.btrfs': 'btrfs-progs',
  'mkfs.xfs': 'xfsprogs',
  'mkfs.ext4': 'e2fsprogs',
  ip: 'iproute2',
  'zfs-fuse': 'zfs-fuse',
  podman: 'podman',
  dockerd: 'docker.io',
  docker: 'docker.io',
  containerd: 'containerd',
  ctr: 'containerd',
  setfacl: 'acl',
  setfattr: 'attr',
  chromium: 'chromium',
  postgres: 'postgresql',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  ps: 'procps',
  faketime: 'faketime',
  'systemd-analyze': 'systemd',
  runc: 'runc',
  ptp: 'containernetworking-plugins',
  nft: 'nftables',
  btrfs: 'btrfs-progs',
  resize2fs: 'e2fsprogs',
  openssl: 'openssl',
  busybox: 'busybox-static',
  curl: 'curl',
  zstd: 'zstd',
  stunnel: 'stunnel4',
};

/** Debian keeps the servers of each PostgreSQL version out of the PATH. */
function findPostgres() {
  const folder = '/usr/lib/postgresql';
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  return versions.map((version) => join(folder, version, 'bin', 'postgres')).find((path) => existsSync(path));
}

/** Of those that are not on the PATH: where they are, if they are there. */
const ELSEWHERE = {
  postgres: findPostgres,
  ptp: () => ['/usr/lib/cni/ptp'].find((path) => existsSync(path)),
};

function isThere(tool) {
  return Boolean(findProgram(tool) ?? ELSEWHERE[tool]?.());
}

/** The packages of what is missing, each once. */
export function missingTools({ forTests = false, has = isThere } = {}) {
  const wanted = { ...TOOLS, ...(forTests && TEST_TOOLS) };
  return [
    ...new Set(
      Object.keys(wanted)
        .filter((tool) => !has(tool))
        .map((tool) => wanted[tool]),
    ),
  ];
}

/** How this user may act as root: `[]` as root, `['sudo', '-n']` without a password, undefined not at all. */
async function asRoot() {
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram('sudo');
  if (!sudo) return undefined;
  const { code } = await run([sudo, '-n', 'true'], { timeoutMs: 10_000 });
  return code === 0 ? [sudo, '-n'] : undefined;
}

/** Services that packages start, which nobody asked for: Tidemark and its tests run these programs by themselves. */
const SERVICES = {
  'openssh-server': ['ssh.service', 'ssh.socket'],
  'docker.io': ['docker.service', 'docker.socket'],
  containerd: ['containerd.service'],
  stunnel4: ['stunnel.target'],
  prometheus: ['prometheus.service'],
};

async function switchOffServices(root, packages) {
  const units = packages.flatMap((name) => SERVICES[name] ?? []);
  if (units.length === 0 || !existsSync('/run/systemd/system')) return '';
  await run([...root, 'systemctl', 'disable', '--now', ...units]);
  return ` (switched off: ${units.join(', ')}; Tidemark starts what it needs by itself)`;
}

async function install(root, packages, say) {
  const apt = (...args) => [
    ...root,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=300',
    ...args,
  ];
  say(`apt-get update`);
  // A source that can't be reached is only a failure if what is wanted can't be had.
  await run(apt('update'));
  say(`installing ${packages.join(' ')}`);
  await runChecked(apt('install', '-y', '--no-install-recommends', ...packages), {
    failure: `apt-get could not install ${packages.join(' ')}`,
  });
}

/** rsync, OpenSSH and what else Tidemark runs; installs what is missing where it may. */
export async function ensureTools({ forTests }, say) {
  const packages = missingTools({ forTests });
  if (packages.length === 0) return 'already there';
  const command = `sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`;
  const root = await asRoot();
  if (!findProgram('apt-get')) {
    throw new SetUpError(
      `Missing: ${packages.join(', ')} (names of Debian packages). Install them with your system's package manager, then run this again.`,
    );
  }
  if (!root)
    throw new SetUpError(
      `Missing: ${packages.join(', ')}. Install them, then run this again:\n\n  ${command}`,
    );
  await install(root, packages, say);
  const note = await switchOffServices(root, packages);
  const still = missingTools({ forTests });
  if (still.length > 0) throw new SetUpError(`Still missing after installing: ${still.join(', ')}`);
  return `installed ${packages.join(' ')}${note}`;
}
