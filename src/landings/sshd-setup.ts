/** What an agent's sshd needs before it starts: program, host key, folders. */
import type { Host } from '../hosts/contract';
import { runChecked } from '../hosts/run-checked';
import { TidemarkError } from '../model/errors';

const PLACES = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd', '/usr/bin/sshd'];

export interface SshdSetup {
  /** sshd restarts itself for each connection, and so wants its absolute path. */
  program: string;
  user: string;
  usePam: boolean;
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

/** True where sshd itself would turn the user away: it takes `!` in the shadow file for a locked account. */
async function isPasswordLocked(host: Host, user: string): Promise<boolean> {
  const { stdout, exitCode } = await host.run(['getent', 'shadow', user]);
  return exitCode === 0 && stdout.toString().split(':')[1]?.startsWith('!') === true;
}

/** Makes what is missing. Idempotent. @throws TidemarkError `ToolMissing` */
export async function setUpSshd(host: Host): Promise<SshdSetup> {
  const program = await findSshd(host);
  await host.files.mkdir(`${host.home}/sshd`, 0o700);
  const user = (await runChecked(host, ['id', '-un'])).stdout.toString().trim();
  if (process.getuid?.() === 0) await host.files.mkdir('/run/sshd', 0o755);
  return { program, user, usePam: await isPasswordLocked(host, user), hostKeys: [await ensureHostKey(host)] };
}
