/** What an agent's sshd needs before it starts: program, host key, folders. */
import type { Host } from '../hosts/contract';
import { runChecked, tailOf } from '../hosts/run-checked';
import { TidemarkError } from '../model/errors';

const PLACES = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd', '/usr/bin/sshd'];

export interface SshdSetup {
  /** sshd restarts itself for each connection, and so wants its absolute path. */
  program: string;
  user: string;
  usePam: boolean;
  /** `PATH` as programs get it there. */
  path: string;
  /** A private key that is not the one in the home. */
  hostKey?: string;
  /** Public halves, `ssh-ed25519 AAAA…`. */
  hostKeys: string[];
}

async function findSshd(host: Host): Promise<string> {
  for (const place of PLACES) {
    if ((await host.run(['test', '-x', place])).exitCode === 0) return place;
  }
  throw new TidemarkError('ToolMissing', 'there is no sshd, which receives what other hosts send', {
    host: host.name,
    hint: 'install it: apt-get install openssh-server (or dnf, zypper, apk, pacman: openssh)',
  });
}

/** Makes the host key once; other hosts pin it, so it stays. */
async function ensureHostKey(host: Host): Promise<string> {
  const path = `${host.home}/sshd/host_key`;
  if ((await host.files.read(`${path}.pub`)) === undefined) {
    await host.files.remove(path);
    const comment = `tidemark:${host.name}`;
    await runChecked(host, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path]);
  }
  const text = (await host.files.read(`${path}.pub`)) ?? '';
  return text.trim().split(' ').slice(0, 2).join(' ');
}

/** The public half of a key of the user's own. @throws TidemarkError `ToolFailed` where it is none, or has a passphrase */
async function readHostKey(host: Host, path: string): Promise<string> {
  const { stdout } = await runChecked(host, ['ssh-keygen', '-y', '-P', '', '-f', path]);
  return stdout.toString().trim().split(' ').slice(0, 2).join(' ');
}

/** True where sshd itself would turn the user away: it takes `!` in the shadow file for a locked account. */
async function isPasswordLocked(host: Host, user: string): Promise<boolean> {
  // By a shell: where there is no getent, as in small images, nobody is locked.
  const { stdout, exitCode } = await host.run(['sh', '-c', 'getent shadow "$1"', 'sh', user]);
  return exitCode === 0 && stdout.toString().split(':')[1]?.startsWith('!') === true;
}

/** The user that programs run as. OpenSSH knows none that is not in the user database. */
async function findUser(host: Host): Promise<{ user: string; isRoot: boolean }> {
  const { stdout, stderr, exitCode } = await host.run(['sh', '-c', 'id -u && id -un']);
  const [uid = '', user = ''] = stdout.toString().split('\n');
  if (exitCode === 0) return { user, isRoot: uid === '0' };
  throw new TidemarkError('ToolMissing', `there is no line for user ${uid} in /etc/passwd`, {
    host: host.name,
    toolMessage: tailOf(stderr),
    hint: 'OpenSSH needs one, with a home folder and a shell: add it to the image, or mount a file over /etc/passwd',
  });
}

/** Makes what is missing. Idempotent. @throws TidemarkError `ToolMissing` */
export async function setUpSshd(host: Host, hostKey?: string): Promise<SshdSetup> {
  const program = await findSshd(host);
  await host.files.mkdir(`${host.home}/sshd`, 0o700);
  const { user, isRoot } = await findUser(host);
  // An image whose root can't be written to must have it.
  if (isRoot) await host.files.mkdir('/run/sshd', 0o755);
  const { stdout } = await runChecked(host, ['printenv', 'PATH']);
  return {
    ...{ program, user, path: stdout.toString().trim() },
    usePam: await isPasswordLocked(host, user),
    ...(hostKey !== undefined && { hostKey }),
    hostKeys: [hostKey === undefined ? await ensureHostKey(host) : await readHostKey(host, hostKey)],
  };
}
