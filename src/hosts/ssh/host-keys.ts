/** Which host keys are trusted: pinned ones, or those of `known_hosts`. Nothing is trusted on first sight. */
import { createHash } from 'node:crypto';
import { TidemarkError } from '../../model/errors';
import type { Host } from '../contract';
import { makeToolMissing } from '../missing-tool';
import { formatSshAddress, knownHostsName, type SshAddress } from './address';

/** A host key as OpenSSH writes it: `ssh-ed25519 AAAA…`. */
export type HostKey = string;

export interface KnownKeys {
  trusted: HostKey[];
  revoked: HostKey[];
  /** Those trusted were given by `--host-key`; what files of known hosts say does not count then. */
  isPinned?: boolean;
}

/** Each type of key with the signatures that it may make; SHA-1 is not among them. */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** The type that a key says it is of, inside itself. */
const typeOfBlob = (blob: Buffer) => blob.subarray(4, 4 + blob.readUInt32BE(0)).toString();

/** The key as one line. */
export const formatKey = (blob: Buffer): HostKey => `${typeOfBlob(blob)} ${blob.toString('base64')}`;

/** As `ssh-keygen -l` shows it. */
export function fingerprintOf(key: HostKey): string {
  const blob = Buffer.from(key.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/**
 * Reads a public host key, its comment dropped.
 * @throws TidemarkError `InvalidSpec` where it is none that can be used.
 */
export function parseHostKey(text: string): HostKey {
  const [type = '', base64 = ''] = text.trim().split(/\s+/);
  const blob = Buffer.from(base64, 'base64');
  const isKey = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && blob.length > 20 && typeOfBlob(blob) === type;
  if (isKey && Object.hasOwn(ALGORITHMS, type)) return `${type} ${base64}`;
  throw new TidemarkError('InvalidSpec', `not a public host key: ${text}`, {
    hint: 'give a whole line of /etc/ssh/ssh_host_*_key.pub of that host, like "ssh-ed25519 AAAA…"',
  });
}

/** Reads what `ssh-keygen -F` prints: lines of known_hosts, hashed names or not. */
export function parseFound(output: string): KnownKeys {
  const known: KnownKeys = { trusted: [], revoked: [] };
  for (const line of output.split('\n')) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [, type = '', base64 = ''] = words;
    // Certificates of hosts are beyond ssh2, so their authorities vouch for nothing here.
    if (line.startsWith('#') || marker === '@cert-authority' || base64 === '') continue;
    (marker === '@revoked' ? known.revoked : known.trusted).push(`${type} ${base64}`);
  }
  return known;
}

/** The keys that files of known_hosts have for a host. A file that is not there has none. */
export async function findKnownKeys(
  local: Pick<Host, 'name' | 'run'>,
  address: SshAddress,
  files: readonly string[],
): Promise<KnownKeys> {
  const all: KnownKeys = { trusted: [], revoked: [] };
  for (const file of files) {
    const { stdout, exitCode, stderr } = await local
      .run(['ssh-keygen', '-F', knownHostsName(address), '-f', file])
      .catch((error: unknown) => {
        throw error instanceof TidemarkError && error.type === 'ToolMissing'
          ? makeToolMissing(local.name, 'ssh-keygen', error)
          : error;
      });
    if (exitCode !== 0 && stderr !== '' && !stderr.includes('No such file or directory')) {
      throw new TidemarkError('InvalidSpec', `${file} can't be read`, { toolMessage: stderr.trim() });
    }
    const { trusted, revoked } = parseFound(stdout.toString());
    all.trusted.push(...trusted);
    all.revoked.push(...revoked);
  }
  return all;
}

/** What to ask the server for: what can be verified first, so that it does not show another of its keys. */
export function algorithmsFor({ trusted }: KnownKeys): string[] {
  const types = [...new Set(trusted.map((key) => key.split(' ')[0] ?? ''))];
  const wanted = types.flatMap((type) => ALGORITHMS[type] ?? []);
  return wanted.length > 0 ? wanted : Object.values(ALGORITHMS).flat();
}

/**
 * Why a key that a server shows is refused; undefined where it is trusted. Shows the fingerprint, and
 * what to type next.
 */
export function examineKey(address: SshAddress, shown: HostKey, known: KnownKeys): TidemarkError | undefined {
  const fingerprint = fingerprintOf(shown);
  const where = formatSshAddress(address);
  const refuse = (message: string, hint: string) =>
    new TidemarkError('HostKeyMismatch', message, { host: address.host, hint });
  if (known.revoked.includes(shown)) {
    return refuse(`the key of ${where} is marked as revoked: ${fingerprint}`, 'give that host a new key');
  }
  if (known.trusted.includes(shown)) return undefined;
  const type = (shown.split(' ')[0] ?? '').replace(/^ssh-|-.*$/g, '');
  const compare = `compare it with what this prints on that host itself: ssh-keygen -lf /etc/ssh/ssh_host_${type}_key.pub`;
  if (known.trusted.length > 0) {
    return refuse(
      `${where} shows a key that is not the one known for it: ${fingerprint}`,
      `the connection may be intercepted, or that host was installed anew; ${compare}; only if it is the same, ` +
        (known.isPinned
          ? `start again with: --host-key '${shown}', instead of the one given`
          : `forget the old one: ssh-keygen -R '${knownHostsName(address)}' (with -f FILE, where --known-hosts names one), and start again`),
    );
  }
  return refuse(
    `the key of ${where} is not known: ${fingerprint}`,
    `${compare}; only if it is the same, start again with: --host-key '${shown}', or first type: ` +
      `echo '${knownHostsName(address)} ${shown}' >> ~/.ssh/known_hosts`,
  );
}
