/** What is offered to a server to log in: an SSH agent's keys, and key files. Never a password. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type AnyAuthMethod, utils } from 'ssh2';
import { TidemarkError } from '../../model/errors';

/** The environment variable with the passphrase of key files. Programs never inherit it. */
export const PASSPHRASE_VARIABLE = 'TIDEMARK_SSH_PASSPHRASE';

const DEFAULT_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

export interface Identities {
  methods: (user: string) => AnyAuthMethod[];
  /** What there is, in words, for an error that says that none was accepted. */
  offered: string[];
  /** Key files that can't be used, and why. */
  unusable: string[];
}

/** Which keys are offered; see `SshOptions`. */
export interface KeyChoice {
  identities?: readonly string[];
  privateKey?: string;
}

/**
 * Reads the keys again for each connection: they may have been replaced.
 * Without any that are named, the usual ones of `~/.ssh`, those that are there.
 * @throws TidemarkError `AuthRejected` where a file that was named can't be used.
 */
export async function loadIdentities({ identities: files, privateKey }: KeyChoice): Promise<Identities> {
  if (privateKey !== undefined) {
    const methods = (username: string) => [{ type: 'publickey' as const, username, key: privateKey }];
    return { methods, offered: ['a key of its own'], unusable: [] };
  }
  const keys: { file: string; key: string }[] = [];
  const unusable: string[] = [];
  const passphrase = process.env[PASSPHRASE_VARIABLE];
  for (const file of files ?? DEFAULT_FILES.map((name) => join(homedir(), '.ssh', name))) {
    const why = await loadKey(file, passphrase).then(
      (key) => void keys.push({ file, key }),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (why === undefined) continue;
    if (files) throw makeUnusable(file, why);
    if (!why.includes('ENOENT')) unusable.push(`${file}: ${why}`);
  }
  const socket = process.env.SSH_AUTH_SOCK;
  return {
    methods: (username) => [
      ...keys.map(({ key }) => ({
        ...{ type: 'publickey' as const, username, key },
        ...(passphrase !== undefined && { passphrase }),
      })),
      ...(socket ? [{ type: 'agent' as const, username, agent: socket }] : []),
    ],
    offered: [...keys.map(({ file }) => file), ...(socket ? ['the keys of the SSH agent'] : [])],
    unusable,
  };
}

async function loadKey(file: string, passphrase?: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  const parsed = utils.parseKey(text, passphrase);
  if (parsed instanceof Error) throw parsed;
  return text;
}

function makeUnusable(file: string, why: string): TidemarkError {
  const isEncrypted = /encrypted|passphrase/i.test(why);
  return new TidemarkError('AuthRejected', `the key file ${file} can't be used: ${why}`, {
    hint: isEncrypted
      ? `set ${PASSPHRASE_VARIABLE} in the agent's environment, or load the key into an SSH agent (ssh-add ${file})`
      : 'name a private key with --identity FILE',
  });
}
