/** Key pairs for SSH. Made in this process: `ssh-keygen` is one more program for each transfer. */
import { createRequire } from 'node:module';
import type * as Ssh2 from 'ssh2';

const COMMENT = 'tidemark';

// Only agents of this machine make keys: nobody else is to wait until it is loaded.
const loadSsh2 = () => createRequire(__filename)('ssh2') as typeof Ssh2;

/**
 * A new ed25519 key pair, in OpenSSH's own format. Of 256 pairs that ssh2 1.17 makes, one lacks a byte, and nobody can
 * read it (mscdex/ssh2#1390): then another one is made.
 * @returns `publicLine` without a comment and a line break; `privateFile` is the whole file, not encrypted
 */
export function makeSshKey(): { publicLine: string; privateFile: string } {
  const { utils } = loadSsh2();
  const isRead = (key: string) => !(utils.parseKey(key) instanceof Error);
  for (;;) {
    const { public: publicKey, private: privateFile } = utils.generateKeyPairSync('ed25519', {
      comment: COMMENT,
    });
    if (!isRead(publicKey) || !isRead(privateFile)) continue;
    return { publicLine: publicKey.split(' ').slice(0, 2).join(' '), privateFile };
  }
}
