/** The options of an agent that say how its host is reached over SSH. */
import { type Command, InvalidArgumentError } from 'commander';
import { ClientError } from '../client/exit-codes';
import { parseSshAddress, type SshAddress } from '../hosts/ssh/address';
import { parseHostKey } from '../hosts/ssh/host-keys';
import { TidemarkError } from '../model/errors';
import type { ViaOptions } from '../workers/side';
import { collect, parseText } from './parse';

export interface SshFlags {
  via?: SshAddress;
  jump?: SshAddress[];
  identity?: string[];
  knownHosts?: string[];
  hostKey?: string[];
  remoteHome?: string;
  authorizedKeys?: string;
}

export function addSshOptions(command: Command): void {
  command
    .option(
      '--via <ssh-url>',
      'serve a host on which nothing is installed, over SSH: ssh://USER@HOST[:PORT]',
      parseVia,
    )
    .option('--jump <ssh-url>', 'reach it through this host; may be given several times', collectJump)
    .option(
      '--identity <file>',
      'private key to log in there with (default: ~/.ssh/id_*, SSH agent)',
      collect,
    )
    .option('--known-hosts <file>', 'file of known hosts, beside ~/.ssh/known_hosts', collect)
    .option('--host-key <key>', 'public key of that host, trusted instead of known hosts', collectHostKey)
    .option('--remote-home <dir>', 'state folder there (default: ~/.tidemark/NAME)', parseText)
    .option(
      '--authorized-keys <path>',
      'where its sshd looks for keys of that user (default: ~/.ssh/authorized_keys)',
      parseText,
    );
}

function orRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    throw new InvalidArgumentError([`It is ${error.message}`, error.details.hint].filter(Boolean).join('; '));
  }
}

const parseVia = (text: string): SshAddress => orRefuse(() => parseSshAddress(text));
const collectJump = (text: string, before: SshAddress[] = []) => [...before, parseVia(text)];
const collectHostKey = (text: string, before: string[] = []) => [
  ...before,
  orRefuse(() => parseHostKey(text)),
];

/** @throws ClientError `WrongUse` where options of the one way came with the other. */
export function readSsh(options: SshFlags & { host: string }): ViaOptions | undefined {
  const { via: address, host, jump, identity, knownHosts, hostKey, remoteHome, authorizedKeys } = options;
  if (address === undefined) {
    if (jump ?? identity ?? knownHosts ?? hostKey ?? remoteHome ?? authorizedKeys)
      throw new ClientError('WrongUse', 'this says how to reach a host over SSH, but not which', {
        hint: 'add --via ssh://USER@HOST',
      });
    return undefined;
  }
  return {
    ssh: {
      address,
      ...(jump && { jumps: jump }),
      ...(identity && { identities: identity }),
      ...(knownHosts && { knownHosts }),
      ...(hostKey && { hostKeys: hostKey }),
    },
    home: remoteHome ?? `.tidemark/${host}`,
    ...(authorizedKeys !== undefined && { authorizedKeys }),
  };
}
