/** Somebody who pushes by plain rsync through a stunnel of their own, as the rsyncTLS source of VolSync does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findFreePort } from '../../../src/hosts/free-port';
import { ended, type Ran, run, waitFor } from './door-rig';

export const makeSharedKey = (identity = 'volsync') => `${identity}:${randomBytes(64).toString('hex')}\n`;

/** Undefined while nothing does. */
export const listens = (port: number) =>
  new Promise<true | undefined>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(undefined));
  });

export class TlsPusher {
  private constructor(
    readonly source: string,
    private readonly port: number,
    private readonly stunnel: ChildProcess,
  ) {}

  /** @param folder of its own @param source what it pushes @param to the port of the door */
  static async start(folder: string, source: string, to: number, key: string): Promise<TlsPusher> {
    const port = await findFreePort('127.0.0.1');
    await writeFile(join(folder, 'their-psk.txt'), key, { mode: 0o600 });
    const config = join(folder, 'stunnel-client.conf');
    await writeFile(
      config,
      `debug = err
foreground = yes
pid =
syslog = no
[rsync]
ciphers = PSK
PSKsecrets = ${folder}/their-psk.txt
accept = 127.0.0.1:${port}
client = yes
connect = 127.0.0.1:${to}
`,
    );
    const stunnel = spawn('stunnel', [config], { stdio: 'ignore' });
    await waitFor('the tunnel', () => listens(port));
    return new TlsPusher(source, port, stunnel);
  }

  at(module: string): string {
    return `rsync://127.0.0.1:${this.port}/${module}`;
  }

  /** Its first pass: all but the folder itself. */
  begin(options: string[] = []): ChildProcess {
    const how = ['-aAhHSxz', '--exclude=lost+found', '--itemize-changes', '--info=stats2,misc2'];
    const args = ['bash', this.at('data'), ...how, ...options];
    const script = 'to=$1; shift; exec rsync "$@" "$PWD"/* "$to"';
    return spawn('bash', ['-O', 'dotglob', '-c', script, ...args], {
      ...{ cwd: this.source, stdio: ['ignore', 'ignore', 'pipe'] },
    });
  }

  /** Its second: what is to be deleted. */
  removeOthers(): Promise<Ran> {
    const how = ['-rx', '--exclude=lost+found', '--ignore-existing', '--ignore-non-existing', '--delete'];
    return run('rsync', [...how, '--itemize-changes', `${this.source}/`, this.at('data')]);
  }

  /** Asks to be told what a daemon otherwise keeps to itself. */
  tellComplete(): Promise<Ran> {
    return run('rsync', ['--stderr=client', '/etc/hostname', this.at('control/complete')]);
  }

  /** With one try. */
  async push(): Promise<Ran> {
    const first = await ended(this.begin());
    if (first.code !== 0) return first;
    const second = await this.removeOthers();
    return second.code === 0 ? await this.tellComplete() : second;
  }

  stop(): void {
    this.stunnel.kill();
  }
}
