/** A host that has nothing but its sshd: a real one, with keys and folders of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeLocalHost } from '../../../src/hosts/local';
import { makeSshHost, type SshHost } from '../../../src/hosts/ssh';
import type { SshOptions } from '../../../src/hosts/ssh/connect';
import { type RemoteLandingOptions, startRemoteLandings } from '../../../src/landings/remote';
import type { MakeHosts } from '../rigs/mover-rig';
import { reservePorts } from './ports';

const exec = promisify(execFile);

export interface SshdOptions {
  /** Where it is reached. */
  address?: string;
  /** Where it listens; left out, there. */
  listen?: string;
  port?: number;
  /** Puts sshd into a namespace. */
  wrap?: (argv: string[]) => string[];
  /** More lines for its configuration; they win. */
  config?: string[];
}

/** An sshd for tests. Its users' keys are those of one file, which lies in {@link folder}. */
export class TestSshd {
  private constructor(
    readonly folder: string,
    readonly address: string,
    readonly port: number,
    private readonly process: ChildProcess,
  ) {}

  static async start({
    address = '127.0.0.1',
    listen = address,
    port,
    wrap,
    config = [],
  }: SshdOptions = {}): Promise<TestSshd> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-sshd-'));
    const [free = 0] = port === undefined ? await reservePorts(1) : [port];
    for (const name of ['host_key', 'client_key'])
      await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)]);
    const client = await readFile(join(folder, 'client_key.pub'), 'utf8');
    // No line break at the end, as people's files are.
    await writeFile(join(folder, 'authorized_keys'), `# kept as it is\n${client.trim()}`, { mode: 0o640 });
    await mkdir('/run/sshd', { recursive: true });
    const lines = [
      ...config,
      ...[`Port ${free}`, `ListenAddress ${listen}`, `HostKey ${folder}/host_key`],
      ...[`AuthorizedKeysFile ${folder}/authorized_keys`, `PidFile ${folder}/pid`, 'StrictModes no'],
      ...['UsePAM no', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'PrintLastLog no'],
      ...[
        'PermitRootLogin prohibit-password',
        'SetEnv SHLVL=1',
        'UseDNS no',
        'LogLevel VERBOSE',
        'MaxStartups 100',
      ],
    ];
    await writeFile(join(folder, 'sshd_config'), `${lines.join('\n')}\n`);
    const argv = ['/usr/sbin/sshd', '-D', '-e', '-f', join(folder, 'sshd_config')];
    const [program = '', ...args] = wrap?.(argv) ?? argv;
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const sshd = new TestSshd(folder, address, free, child);
    await sshd.untilListening();
    await writeFile(sshd.knownHosts, `[${address}]:${free} ${await sshd.hostKey()}\n`);
    return sshd;
  }

  get knownHosts(): string {
    return join(this.folder, 'known_hosts');
  }

  get clientKey(): string {
    return join(this.folder, 'client_key');
  }

  get authorizedKeys(): string {
    return join(this.folder, 'authorized_keys');
  }

  get url(): string {
    return `ssh://root@${this.address}:${this.port}`;
  }

  /** Its public host key, without the comment. */
  async hostKey(): Promise<string> {
    const text = await readFile(join(this.folder, 'host_key.pub'), 'utf8');
    return text.split(' ').slice(0, 2).join(' ');
  }

  /** How to reach it, as the options of an agent would say. */
  get options(): SshOptions {
    const address = { user: 'root', host: this.address, port: this.port };
    return { address, identities: [this.clientKey], knownHosts: [this.knownHosts] };
  }

  /** How an agent is told to reach it. */
  agentOptions(home: string): string[] {
    return [
      ...['--via', this.url, '--identity', this.clientKey, '--known-hosts', this.knownHosts],
      ...['--remote-home', home, '--authorized-keys', this.authorizedKeys],
    ];
  }

  /** How landings on it are opened. */
  get landing(): RemoteLandingOptions {
    const { address, port, authorizedKeys } = this;
    return { advertisedAddress: address, port, user: 'root', authorizedKeys };
  }

  /** The processes that carry its connections. */
  async sessions(): Promise<number[]> {
    const found: number[] = [];
    for (const name of (await readdir('/proc')).filter((each) => /^\d+$/.test(each))) {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (parent === (await this.listener())) found.push(Number(name));
    }
    return found;
  }

  /** Ends every connection as a crash would; what they run goes on. */
  async killSessions(): Promise<void> {
    for (const pid of await this.sessions()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone by itself.
      }
    }
  }

  async stop(): Promise<void> {
    await this.killSessions();
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const gone = once(this.process, 'exit');
      process.kill(await this.listener(), 'SIGKILL');
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async listener(): Promise<number> {
    return Number(await readFile(join(this.folder, 'pid'), 'utf8'));
  }

  private async untilListening(): Promise<void> {
    let log = '';
    await new Promise<void>((resolve, reject) => {
      this.process.stderr?.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes('Server listening on')) resolve();
      });
      this.process.once('exit', () => reject(new Error(`sshd ended: ${log}`)));
    });
  }
}

/** The host that an sshd stands for. */
export function connectTo(sshd: TestSshd, name: string, home: string, ssh?: SshOptions): Promise<SshHost> {
  const local = makeLocalHost({ name: 'here', home: '/nonexistent' });
  return makeSshHost({ name, home, local, ssh: ssh ?? sshd.options });
}

/** A rig whose hosts, both of them, have nothing but an sshd. It is to leave the target's keys as they were. */
export const makeSshHosts: MakeHosts = async (homes) => {
  const sshd = await TestSshd.start();
  const source = await connectTo(sshd, 'alpha', homes.source);
  const target = await connectTo(sshd, 'beta', homes.target);
  const { landings, stop } = await startRemoteLandings(target, sshd.landing);
  const before = await readFile(sshd.authorizedKeys, 'utf8');
  return {
    ...{ source, target },
    service: { landings, port: sshd.port, stop },
    async dispose() {
      await stop();
      const after = await readFile(sshd.authorizedKeys, 'utf8');
      source.close();
      target.close();
      await sshd.stop();
      if (after !== before) throw new Error(`authorized_keys was left changed:\n${after}`);
    },
  };
};
