/** Somebody else's machine: a real sshd, with accounts of root and of a user `nas` who is none, confined or not. */
import { execFile } from 'node:child_process';
import { appendFile, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestSshd } from '../hosts/ssh-host';
import { DROP_COPIED_MOUNTS } from '../storage/zfs';

const exec = promisify(execFile);

/** No user of this machine: known where that sshd runs, and nowhere else. */
export const NAS_ID = 20_901;

/** Runs a program where `/etc/passwd` has one more line. What is mounted later is not seen there. */
const withPasswd = (passwd: string) => (argv: string[]) => [
  ...['unshare', '--mount', '--kill-child', 'sh', '-c'],
  `${DROP_COPIED_MOUNTS}; mount --bind "$0" /etc/passwd && exec "$@"`,
  ...[passwd, ...argv],
];

export class PeerServer {
  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly sshd: TestSshd,
    /** One line of known_hosts. */
    readonly hostKey: string,
  ) {}

  /** @param isRootAlone without that user, and with all that is mounted later */
  static async start({ isRootAlone = false, address = '127.0.0.1' } = {}): Promise<PeerServer> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-peer-'));
    await exec('chmod', ['755', folder]);
    const passwd = join(folder, 'passwd');
    const line = `nas:*:${NAS_ID}:${NAS_ID}::${folder}/nas:/bin/sh\n`;
    await writeFile(passwd, `${await readFile('/etc/passwd', 'utf8')}${line}`);
    await mkdir(join(folder, 'nas'));
    await chown(join(folder, 'nas'), NAS_ID, NAS_ID);
    const sshd = await TestSshd.start({ address, ...(!isRootAlone && { wrap: withPasswd(passwd) }) });
    await exec('chmod', ['755', sshd.folder]);
    await exec('chmod', ['644', sshd.authorizedKeys]);
    return new PeerServer(folder, sshd.port, sshd, (await readFile(sshd.knownHosts, 'utf8')).trim());
  }

  /** @param path as a client names it, from the slash on @param port of what leads there */
  url(user: 'nas' | 'root', path: string, port = this.port): string {
    return `ssh://${user}@${this.sshd.address}:${port}${path}`;
  }

  /** A folder of user `nas`. */
  async makeFolder(name: string): Promise<string> {
    const path = join(this.folder, name);
    await mkdir(path);
    await chown(path, NAS_ID, NAS_ID);
    return path;
  }

  /**
   * A key that is let in, and for a forced command for nothing else; with what its owner hands over for it.
   * @param folder of the agent's credentials
   */
  async letIn(folder: string, name: string, command?: string, port = this.port): Promise<void> {
    const at = join(folder, name);
    await mkdir(at, { recursive: true });
    await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(at, 'key')]);
    const key = (await readFile(join(at, 'key.pub'), 'utf8')).trim();
    const forced =
      command === undefined ? '' : `restrict,command="${command.replaceAll('"', String.raw`\"`)}" `;
    await appendFile(this.sshd.authorizedKeys, `\n${forced}${key}\n`);
    await writeFile(join(at, 'known_hosts'), `${this.hostKey.replace(`:${this.port} `, `:${port} `)}\n`);
  }

  async dispose(): Promise<void> {
    await this.sshd.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
