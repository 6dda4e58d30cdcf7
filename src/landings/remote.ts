/**
 * Landings on a host on which nothing is installed: lines in its login user's `authorized_keys`, for the
 * sshd that it has. They are always taken out again: when a transfer is closed, when they expire, when
 * the agent ends, and, after it was killed, when it starts.
 */
import { createHash } from 'node:crypto';
import type { Host } from '../hosts/contract';
import { runChecked } from '../hosts/run-checked';
import type { SshHost } from '../hosts/ssh';
import { type LineOptions, makeAuthorizedKeyLine } from './authorized-keys';
import type { LandingRequest, Landings } from './contract';
import { type KeyFile, openKeyFile } from './key-file';
import { openRegistry } from './registry';

export interface RemoteLandingOptions {
  /** How sources reach the host: a name or an address. */
  advertisedAddress: string;
  port: number;
  user: string;
  /** The file that its sshd reads; absolute, or below the login user's home folder. */
  authorizedKeys?: string;
}

export interface RemoteLandings {
  readonly landings: Landings;
  /** Takes all lines out; those of transfers that still run are put in again at the next start. */
  readonly stop: () => Promise<void>;
}

const DEFAULT_FILE = '.ssh/authorized_keys';

/**
 * When so many seconds have passed, by the host's own clock, in UTC and in its zone. Its sshd may take
 * another zone than a user's shell.
 */
const EXPIRY = String.raw`
unset TZ
e=$(($(date +%s) + $1))
date -u -d "@$e" +%Y%m%d%H%M%SZ
date -d "@$e" +%Y%m%d%H%M%S
`;

/** OpenSSH takes times as local ones; since 9.1, those that end in `Z` as UTC, and older ones refuse them. */
export function knowsUtc(serverVersion: string): boolean {
  const [, major = '0', minor = '0'] = /OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(serverVersion) ?? [];
  return Number(major) > 9 || (Number(major) === 9 && Number(minor) >= 1);
}

/** Lines of other agents for the same user are not ours. */
const ownerOf = ({ name, home }: Host) =>
  createHash('sha256').update(`${name}\0${home}`).digest('hex').slice(0, 12);

async function findExpiry(host: SshHost, expiresAt: string): Promise<string> {
  const seconds = Math.ceil((new Date(expiresAt).getTime() - Date.now()) / 1000);
  const { stdout } = await runChecked(host, ['sh', '-c', EXPIRY, 'sh', String(seconds)]);
  const [utc = '', local = ''] = stdout.toString().trim().split('\n');
  return knowsUtc(host.facts.serverVersion) ? utc : local;
}

/** Takes up what an earlier agent left open, and takes out what expired or is unknown. */
export async function startRemoteLandings(
  host: SshHost,
  options: RemoteLandingOptions,
): Promise<RemoteLandings> {
  const { advertisedAddress, port, user, authorizedKeys = DEFAULT_FILE } = options;
  const { userHome, path } = host.facts;
  const file = authorizedKeys.startsWith('/')
    ? authorizedKeys
    : `${userHome.replace(/\/$/, '')}/${authorizedKeys}`;
  const owner = ownerOf(host);
  const keyFile: KeyFile = openKeyFile(host, file, owner);
  const make = async (request: LandingRequest) => {
    const line: LineOptions = { expiry: await findExpiry(host, request.expiresAt), owner, path };
    return makeAuthorizedKeyLine(request, line);
  };
  const registry = await openRegistry(host, { make, write: (lines) => keyFile.write(lines) });
  return {
    landings: {
      async open(request) {
        await registry.put(request);
        const { id, expiresAt } = request;
        const hostKeys = [await host.hostKey()];
        return { id, address: advertisedAddress, port, user, hostKeys, expiresAt };
      },
      close: (id) => registry.remove(id),
      sweep: (now) => registry.removeExpired(now),
    },
    stop: () => keyFile.write([]),
  };
}
