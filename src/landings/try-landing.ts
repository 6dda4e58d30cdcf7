import { randomBytes } from 'node:crypto';
import { utils } from 'ssh2';
import { makeLocalHost } from '../hosts/local';
import type { SshHost } from '../hosts/ssh';
import { connect, type SshOptions } from '../hosts/ssh/connect';
import { makePool } from '../hosts/ssh/pool';
import { describeError, TidemarkError } from '../model/errors';
import type { Landings } from './contract';

const LIFETIME_MS = 60_000;

/**
 * Opens a landing, goes through it, and closes it again: that proves the file to be the one that the
 * sshd reads, the expiry to be understood, and the login shell to print nothing of its own.
 * @returns why it does not work; undefined where it does.
 */
export async function tryLanding(
  host: SshHost,
  ssh: SshOptions,
  landings: Landings,
): Promise<string | undefined> {
  const id = 'tidemark-try';
  const word = randomBytes(8).toString('hex');
  const keys = utils.generateKeyPairSync('ed25519');
  try {
    await landings.open({
      id,
      publicKey: keys.public,
      command: ['printf', '%s', word],
      attempt: `try:${host.home}`,
      expiresAt: new Date(Date.now() + LIFETIME_MS).toISOString(),
    });
    const said = await goThrough(host, { ...ssh, privateKey: keys.private });
    if (said === word) return undefined;
    return `its login shell prints text of its own: ${JSON.stringify(said.slice(0, 200))}`;
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    if (error.type === 'AuthRejected')
      return 'its sshd does not accept a key that was put into authorized_keys; name the file that it reads with --authorized-keys (sshd -T shows it)';
    return describeError(error.type, error.message, error.details);
  } finally {
    await landings.close(id);
  }
}

async function goThrough(host: SshHost, ssh: SshOptions): Promise<string> {
  const local = makeLocalHost({ name: host.name, home: host.home });
  const pool = makePool(host.name, () => connect(local, ssh));
  try {
    const { channel, closed } = await pool.open('true');
    let said = '';
    channel.on('data', (chunk: Buffer) => (said += chunk.toString()));
    channel.stderr.resume();
    await closed;
    return said;
  } finally {
    pool.close();
  }
}
