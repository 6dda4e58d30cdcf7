/** Who may push at a door: lines for its sshd. Pure. */
import { TidemarkError } from '../model/errors';
import { quoteForShell } from './authorized-keys';

const KEY =
  /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+={0,3}(?: |$)/;

/**
 * @param text as `authorized_keys` has it; what else a line says of its key is not taken over, and so refused
 * @throws TidemarkError `AuthRejected` naming the line
 */
export function parsePublicKeys(text: string, path: string): string[] {
  const keys = text.split('\n').flatMap((line, index) => {
    const key = line.trim();
    if (key === '' || key.startsWith('#')) return [];
    const [found] = KEY.exec(key) ?? [];
    if (found !== undefined) return [found.trim()];
    throw new TidemarkError('AuthRejected', `${path}: line ${index + 1} is no public key`, {
      hint: 'write one key a line, as it is in the .pub file of whoever pushes, with nothing before it',
    });
  });
  if (keys.length > 0) return [...new Set(keys)];
  throw new TidemarkError('AuthRejected', `${path} has no public key`, {
    hint: 'put the public key of whoever pushes there',
  });
}

/** What sshd runs for each of these keys, whatever the client asks for. */
export function makeDoorLines(keys: readonly string[], attempt: string, command: readonly string[]): string {
  const quoted = quoteForShell(['env', `TIDEMARK_ATTEMPT=${attempt}`, ...command]).replaceAll('"', '\\"');
  return keys.map((key) => `restrict,command="${quoted}" ${key}\n`).join('');
}
