/** A real SMTP server that takes mails, with and without TLS. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { reservePorts } from '../hosts/ports';

export interface Mail {
  user: string | undefined;
  isEncrypted: boolean;
  to: string[];
  text: string;
}

export interface Certificate {
  path: string;
  cert: string;
  key: string;
}

/** For 127.0.0.1, signed by itself. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const [path, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  await promisify(execFile)('openssl', [...args, '-keyout', keyPath, '-out', path, ...subject]);
  return { path, cert: await readFile(path, 'utf8'), key: await readFile(keyPath, 'utf8') };
}

export class MailReceiver {
  readonly mails: Mail[] = [];
  /** What somebody tried to log in with. */
  readonly passwords: string[] = [];

  private constructor(
    readonly port: number,
    private readonly server: SMTPServer,
  ) {}

  /**
   * @param tls `offered`: STARTTLS; `only`: from the first byte; `none`: it knows no TLS
   * @param user who may log in, with the password `right`; left out: nobody has to
   */
  static async start(
    tls: 'offered' | 'only' | 'none',
    certificate: Certificate,
    user?: string,
  ): Promise<MailReceiver> {
    const [port = 0] = await reservePorts(1);
    const { cert, key } = certificate;
    const server: SMTPServer = new SMTPServer({
      ...{ cert, key, secure: tls === 'only', logger: false, authMethods: ['PLAIN'] },
      authOptional: user === undefined,
      // A server that asks for a password in the clear: a client has to refuse by itself.
      allowInsecureAuth: true,
      ...(tls === 'none' && { disabledCommands: ['STARTTLS'] }),
      onAuth: ({ username, password }, _session, done) => {
        receiver.passwords.push(password ?? '');
        if (username === user && password === 'right') done(null, { user: username });
        else done(new Error('wrong password'));
      },
      onData: (stream, session, done) => {
        void text(stream).then((mail) => {
          receiver.mails.push({
            user: session.user as string | undefined,
            isEncrypted: session.secure,
            to: session.envelope.rcptTo.map(({ address }) => address),
            text: mail,
          });
          done();
        });
      },
    });
    const receiver = new MailReceiver(port, server);
    // Who breaks off, as one that finds no TLS, is no failure of the test's.
    server.on('error', () => undefined);
    await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready));
    return receiver;
  }

  async close(): Promise<void> {
    await new Promise<void>((done) => this.server.close(done));
  }
}
