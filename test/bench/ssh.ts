/** A plain sshd on loopback with one key, for the raw tools: the same ciphers as Tidemark's landings. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reservePorts } from '../support/hosts/ports';

const exec = promisify(execFile);
const CIPHERS = 'aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com';

export class PlainSsh {
  private constructor(
    private readonly folder: string,
    /** On loopback. */
    readonly port: number,
    private readonly sshd: ChildProcess,
  ) {}

  static async start(folder: string): Promise<PlainSsh> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
    const [port = 0] = await reservePorts(1);
    for (const key of ['host', 'user'])
      await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
    await copyFile(join(folder, 'user.pub'), join(folder, 'authorized_keys'));
    const server = [
      ...[
        'ListenAddress 127.0.0.1',
        `Port ${port}`,
        `HostKey ${join(folder, 'host')}`,
        'PidFile none',
        'UsePAM no',
      ],
      ...[
        `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
        'StrictModes no',
        'PermitRootLogin yes',
        `Ciphers ${CIPHERS}`,
      ],
    ];
    await writeFile(join(folder, 'sshd_config'), `${server.join('\n')}\n`);
    const client = [
      ...[
        'Host peer',
        'HostName 127.0.0.1',
        `Port ${port}`,
        `User ${userInfo().username}`,
        `IdentityFile ${join(folder, 'user')}`,
      ],
      ...[
        'StrictHostKeyChecking no',
        'UserKnownHostsFile /dev/null',
        'LogLevel ERROR',
        `Ciphers ${CIPHERS}`,
        'Compression no',
      ],
    ];
    await writeFile(join(folder, 'ssh_config'), `${client.join('\n')}\n`);
    const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], {
      stdio: 'ignore',
    });
    const ssh = new PlainSsh(folder, port, sshd);
    for (let attempt = 0; ; attempt++) {
      try {
        await exec('ssh', [...ssh.command().slice(1), 'peer', 'true']);
        return ssh;
      } catch (error) {
        if (attempt > 50) throw error;
        await new Promise((done) => setTimeout(done, 100));
      }
    }
  }

  /** The private key that it accepts. */
  get key(): string {
    return join(this.folder, 'user');
  }

  /** `ssh -F …`, to be followed by `peer` and a command. */
  command(): string[] {
    return ['ssh', '-F', join(this.folder, 'ssh_config')];
  }

  stop(): void {
    this.sshd.kill('SIGTERM');
  }
}
