/** TLS by files, taken anew when they are renewed. */
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Server } from 'node:https';
import type { Logger } from 'pino';
import { TidemarkError } from '../../model/errors';

export interface TlsFiles {
  certPath: string;
  keyPath: string;
}

const LOOK_EVERY_MS = 10_000;

export class Certificates {
  private version = '';

  constructor(
    private readonly files: TlsFiles,
    private readonly log?: Pick<Logger, 'info' | 'warn'>,
  ) {}

  private readVersion(): string {
    return [this.files.certPath, this.files.keyPath]
      .map((path) => {
        const { mtimeMs, ino, size } = statSync(path);
        return [mtimeMs, ino, size].join();
      })
      .join();
  }

  /** @throws TidemarkError `AuthRejected` where they can't be read, or don't belong together */
  read(): { cert: Buffer; key: Buffer } {
    const { certPath, keyPath } = this.files;
    try {
      const version = this.readVersion();
      const pair = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
      createSecureContext(pair);
      this.version = version;
      return pair;
    } catch (error) {
      const toolMessage = error instanceof Error ? error.message : String(error);
      throw new TidemarkError(
        'AuthRejected',
        `the certificate ${certPath} and the key ${keyPath} can not be used`,
        { toolMessage, hint: 'both must be PEM, and belong together' },
        { cause: error },
      );
    }
  }

  /** New connections have the new certificate; a pair that is not right changes nothing. */
  keepFresh(server: Server): void {
    const timer = setInterval(() => {
      try {
        if (this.readVersion() === this.version) return;
        server.setSecureContext(this.read());
        this.log?.info({ cert: this.files.certPath }, 'the renewed certificate is used');
      } catch (error) {
        this.log?.warn({ err: error }, 'the renewed certificate is not taken: that of before is used');
      }
    }, LOOK_EVERY_MS);
    timer.unref();
    server.once('close', () => clearInterval(timer));
  }
}
