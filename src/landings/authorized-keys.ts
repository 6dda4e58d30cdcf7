/** Lines of `authorized_keys` that accept one key for one exact command. Pure. */
import { quoteAlways } from '../model/shell-quote';
import { TidemarkError } from '../model/errors';
import type { LandingRequest } from './contract';

const ED25519_BLOB = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
]);
const ED25519_BYTES = ED25519_BLOB.length + 32;

/**
 * The type and blob of an ed25519 public key, its comment dropped.
 * @throws TidemarkError `InvalidSpec` where the text is anything but one such key.
 */
export function validatePublicKey(text: string): string {
  const match = /^(ssh-ed25519) ([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?$/.exec(text.replace(/\n$/, ''));
  const blob = Buffer.from(match?.[2] ?? '', 'base64');
  const isWhole = blob.length === ED25519_BYTES && blob.subarray(0, ED25519_BLOB.length).equals(ED25519_BLOB);
  if (!match || !isWhole || blob.toString('base64') !== match[2]) {
    throw new TidemarkError('InvalidSpec', 'the key offered for a landing is not one ed25519 public key', {
      hint: 'both hosts must run a Tidemark of the same version',
    });
  }
  return `${match[1]} ${match[2]}`;
}

/**
 * Arguments as one command for the login shell that sshd starts.
 * @throws TidemarkError `InvalidSpec` for what no line of `authorized_keys` can carry.
 */
export function quoteForShell(argv: readonly string[]): string {
  return argv
    .map((argument) => {
      if (/[\n\r\0]/.test(argument)) {
        const message = `a path with a line break can't be served by a landing: ${JSON.stringify(argument)}`;
        throw new TidemarkError('InvalidSpec', message, { hint: 'rename the folder' });
      }
      return quoteAlways(argument);
    })
    .join(' ');
}

/** As `expiry-time` wants it, without a zone: sshd runs with `TZ=UTC`, and old ones know no `Z`. */
export function formatExpiry(expiresAt: string): string {
  const digits = new Date(expiresAt).toISOString().replaceAll(/\D/g, '');
  return digits.slice(0, 14);
}

/** How the line of a landing differs where it stands among other people's lines. */
export interface LineOptions {
  /** As `expiry-time` wants it there. */
  expiry?: string;
  /** Whose line it is; see {@link replaceLines}. */
  owner?: string;
  /** `PATH` of the command. */
  path?: string;
}

/** The line that lets one key run one command and nothing else, until it expires. */
export function makeAuthorizedKeyLine(
  request: LandingRequest,
  { expiry = formatExpiry(request.expiresAt), owner, path }: LineOptions = {},
): string {
  const key = validatePublicKey(request.publicKey);
  // The marker lets Host.endAttempts find the command after its agent was lost.
  const variables = [`TIDEMARK_ATTEMPT=${request.attempt}`, ...(path === undefined ? [] : [`PATH=${path}`])];
  const command = quoteForShell(['env', ...variables, ...request.command]);
  const quoted = command.replaceAll('"', '\\"');
  const id = request.id.replaceAll(/[^A-Za-z0-9._:/-]/g, '_');
  const comment = owner === undefined ? id : `${owner}:${id}`;
  return `restrict,expiry-time="${expiry}",command="${quoted}" ${key} tidemark:${comment}`;
}

/**
 * A file of keys with exactly these lines of one owner in it. Every other byte stays as it is; ours come
 * first, since a last line may have no line break.
 */
export function replaceLines(content: Buffer, owner: string, lines: readonly string[]): Buffer {
  const isOurs = (line: string) => line.includes(` tidemark:${owner}:`);
  const others = content
    .toString('latin1')
    .split(/(?<=\n)/)
    .filter((line) => !isOurs(line));
  const ours = lines.map((line) => Buffer.from(`${line}\n`));
  return Buffer.concat([...ours, Buffer.from(others.join(''), 'latin1')]);
}
