/** One verified and authenticated connection, through other hosts where asked for. */
import { Client, type ClientChannel, type ServerHostKeyAlgorithm } from 'ssh2';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TidemarkError } from '../../model/errors';
import type { Host } from '../contract';
import { formatSshAddress, type SshAddress } from './address';
import {
  algorithmsFor,
  examineKey,
  findKnownKeys,
  formatKey,
  type HostKey,
  type KnownKeys,
} from './host-keys';
import { loadIdentities } from './identities';

/** How a host is reached, as the options of an agent say it. */
export interface SshOptions {
  address: SshAddress;
  /** Hosts to go through, in this order. */
  jumps?: readonly SshAddress[];
  /** Key files; left out, the usual ones of `~/.ssh`. An SSH agent is asked in any case. */
  identities?: readonly string[];
  /** Instead of every other key: the text of a private one. */
  privateKey?: string;
  /** More files of known hosts, before the user's and the system's. */
  knownHosts?: readonly string[];
  /** Keys of the host itself, trusted instead of what known_hosts says. */
  hostKeys?: readonly HostKey[];
}

export interface Connection {
  client: Client;
  /** The key that the host proved to have. */
  hostKey: HostKey;
  /** How its server calls itself: `SSH-2.0-OpenSSH_9.2p1`. */
  serverVersion: string;
  /** Settles when it is lost or ended. */
  closed: Promise<void>;
  end(): void;
}

const READY_MS = 20_000;
const KEEPALIVE_MS = 5000;
const KEEPALIVE_COUNT = 3;

/**
 * Connects. @param local runs `ssh-keygen` on this machine.
 * @throws TidemarkError `HostUnreachable`, `HostKeyMismatch` or `AuthRejected`.
 */
export async function connect(local: Pick<Host, 'name' | 'run'>, options: SshOptions): Promise<Connection> {
  const opened: Connection[] = [];
  const hops = [...(options.jumps ?? []), options.address];
  try {
    for (const [index, address] of hops.entries()) {
      const before = opened.at(-1);
      const sock = before && (await forward(before, hops[index - 1] as SshAddress, address));
      const pinned = address === options.address ? options.hostKeys : undefined;
      const known = pinned?.length
        ? { trusted: [...pinned], revoked: [], isPinned: true }
        : await findKnownKeys(local, address, knownHostsFiles(options));
      opened.push(await open(address, known, options, sock));
    }
  } catch (error) {
    for (const each of opened) each.end();
    throw error;
  }
  const last = opened.at(-1) as Connection;
  // The way is of no use without its end.
  void last.closed.then(() => opened.forEach((each) => each.end()));
  return last;
}

function knownHostsFiles({ knownHosts = [] }: SshOptions): string[] {
  return [...knownHosts, join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts'];
}

function forward({ client }: Connection, via: SshAddress, to: SshAddress): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, stream) => {
      if (!error) return resolve(stream);
      reject(
        new TidemarkError('HostUnreachable', `${to.host}:${to.port} can't be reached from ${via.host}`, {
          host: to.host,
          toolMessage: error.message,
          hint: `does the sshd of ${via.host} allow forwarding (AllowTcpForwarding), and is that port open from there?`,
        }),
      );
    });
  });
}

async function open(
  address: SshAddress,
  known: KnownKeys,
  options: SshOptions,
  sock?: ClientChannel,
): Promise<Connection> {
  const identities = await loadIdentities(options);
  const client = new Client();
  // Each session that is being opened listens for its end.
  client.setMaxListeners(0);
  let hostKey: HostKey | undefined;
  let refusal: TidemarkError | undefined;
  let serverVersion = '';
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    // Stays, since what goes wrong later ends in `close`, and an error that nobody hears ends the process.
    client.on('error', (error) => reject(refusal ?? explain(address, error, identities)));
    client.once('close', () =>
      reject(refusal ?? explain(address, new Error('connection closed'), identities)),
    );
    client.connect({
      ...(sock ? { sock } : { host: address.host, port: address.port }),
      username: address.user,
      authHandler: identities.methods(address.user),
      agentForward: false,
      readyTimeout: READY_MS,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVE_COUNT,
      algorithms: { serverHostKey: algorithmsFor(known) as ServerHostKeyAlgorithm[] },
      hostVerifier: (key: Buffer) => {
        const shown = formatKey(key);
        refusal = examineKey(address, shown, known);
        if (!refusal) hostKey = shown;
        return refusal === undefined;
      },
      // The only place where ssh2 tells it.
      debug: (line) => {
        serverVersion ||= /^Remote ident: '(.*)'$/.exec(line)?.[1] ?? '';
      },
    });
  }).catch((error: unknown) => {
    client.end();
    throw error;
  });
  // Commands and their answers are short: unasked, the kernel holds back each second packet for 40 ms.
  client.setNoDelay(true);
  if (hostKey === undefined) throw new Error('ssh2 did not ask for the host key to be verified');
  return { client, hostKey, serverVersion, closed, end: () => client.end() };
}

function explain(
  address: SshAddress,
  error: Error & { level?: string },
  { offered, unusable }: { offered: string[]; unusable: string[] },
): TidemarkError {
  const where = formatSshAddress(address);
  const toolMessage = error.message;
  if (error.level === 'client-authentication') {
    const tried = offered.length > 0 ? `offered: ${offered.join(', ')}` : 'there was no key to offer';
    return new TidemarkError('AuthRejected', `${where} does not let this agent in (${tried})`, {
      host: address.host,
      toolMessage: [toolMessage, ...unusable].join('\n'),
      hint: `try: ssh -p ${address.port} ${address.user}@${address.host} true; name the key with --identity FILE, or load it with ssh-add`,
    });
  }
  if (/no matching host key format/.test(toolMessage)) {
    return new TidemarkError('HostKeyMismatch', `${where} has no key of the type that is known for it`, {
      host: address.host,
      toolMessage,
      hint: `see what it has: ssh-keyscan -p ${address.port} ${address.host}; pin one that you have compared with --host-key`,
    });
  }
  return new TidemarkError(
    'HostUnreachable',
    `${where} can't be reached over SSH`,
    { host: address.host, toolMessage, hint: 'is the host up, and is its sshd open from here?' },
    { cause: error },
  );
}
