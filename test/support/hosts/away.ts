/**
 * Directories that the agent's own host can't see: they lie in namespaces of their own (network and mounts), and are
 * reached by a runner that comes up for one use and goes, with all that was kept in it. So lies a volume of a cluster.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, Runner } from '../../../src/hosts/contract';
import type { SshHost } from '../../../src/hosts/ssh';
import { type RemoteLandings, startRemoteLandings } from '../../../src/landings/remote';
import type { Volume } from '../../../src/model/records';
import type { TransferId } from '../../../src/movers/contract';
import type { KindImplementation, State, VolumeDriver } from '../../../src/volumes/contract';
import { directoryDriver } from '../../../src/volumes/directory';
import { DROP_COPIED_MOUNTS } from '../storage/zfs';
import type { TwoHosts } from './netns';
import { connectTo, TestSshd } from './ssh-host';

interface Use {
  state: State['of'];
  volume: string;
  relationship: string;
  target: string;
  syncId: string;
}

/** A place that has come up: an sshd inside, and what bytes come in by. */
interface UpRunner {
  use: Use;
  sshd: TestSshd;
  host: SshHost;
  landings: RemoteLandings;
  scratch: string;
}

/** A host behind a link, of whose files only those see anything that run inside of it. */
export class AwayHost {
  private readonly up = new Map<string, UpRunner>();
  private count = 0;
  private own?: Promise<UpRunner>;

  private constructor(
    readonly name: string,
    private readonly hosts: TwoHosts,
    private readonly side: 'a' | 'b',
    /** Where its files are, inside; an empty folder outside. */
    readonly root: string,
    /** Keeps the namespace of its mounts. */
    private readonly holder: ChildProcess,
  ) {}

  static async start(name: string, hosts: TwoHosts, side: 'a' | 'b'): Promise<AwayHost> {
    const root = await mkdtemp(join(tmpdir(), `tidemark-away-${name}-`));
    const script = `${DROP_COPIED_MOUNTS}; mount -t tmpfs tmpfs "$1" && mkdir "$1/home" "$1/runners" && echo up && exec sleep infinity`;
    const argv = hosts.inside(side, ['unshare', '--mount', '--', 'sh', '-c', script, 'sh', root]);
    const [program = '', ...args] = argv;
    const holder = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    return new AwayHost(name, hosts, side, root, holder);
  }

  /** The same file, as this process sees it. */
  see(path: string): string {
    return `/proc/${this.holder.pid}/root${path}`;
  }

  /** The uses for which something is up. */
  get uses(): Use[] {
    return [...this.up.values()].map(({ use }) => use);
  }

  /** Brings up a runner; one that is up for the same use goes. */
  async bringUp(use: Use): Promise<UpRunner> {
    await this.end(use);
    const runner = await this.start(use);
    this.up.set(JSON.stringify(use), runner);
    return runner;
  }

  /** Lets go of what is up for a use. */
  async end(use: Use): Promise<void> {
    const runner = this.up.get(JSON.stringify(use));
    this.up.delete(JSON.stringify(use));
    if (runner) await this.stop(runner);
  }

  /** What is up for any sync of a link. */
  async endAll({
    volume,
    relationship,
    target,
    syncId,
  }: Omit<Use, 'syncId' | 'state'> & { syncId?: string }) {
    for (const use of this.uses) {
      const isOne = use.volume === volume && use.relationship === relationship && use.target === target;
      if (isOne && (syncId === undefined || syncId === use.syncId)) await this.end(use);
    }
  }

  /** As a node of a cluster that is lost does: all that runs in the runners of this host ends, unasked. */
  async loseRunners(): Promise<void> {
    const lost = [...this.up.values()];
    this.up.clear();
    for (const runner of lost) await this.stop(runner);
  }

  /** What the driver itself works by, for as long as this lives: as a cluster has an API, whatever pods there are. */
  async api(agent: Host): Promise<Host> {
    this.own ??= this.start({ state: 'live', volume: '', relationship: '', target: '', syncId: '' });
    return { ...(await this.own).host, name: agent.name, home: join(this.root, 'home') };
  }

  async remove(): Promise<void> {
    await this.loseRunners();
    if (this.own) await this.stop(await this.own);
    const gone = once(this.holder, 'exit');
    this.holder.kill('SIGKILL');
    await gone;
    await rm(this.root, { recursive: true, force: true });
  }

  private async start(use: Use): Promise<UpRunner> {
    const sshd = await TestSshd.start({
      address: this.hosts.management(this.side).replace(/1$/, '2'),
      listen: '0.0.0.0',
      wrap: (argv) => ['nsenter', `--mount=/proc/${this.holder.pid}/ns/mnt`, '--', ...this.inside(argv)],
    });
    const scratch = join(this.root, 'runners', String(++this.count));
    const host = await connectTo(sshd, this.name, scratch);
    await host.files.mkdir(scratch, 0o700);
    const advertisedAddress = this.hosts.address(this.side);
    const landings = await startRemoteLandings(host, { ...sshd.landing, advertisedAddress });
    return { use, sshd, host, landings, scratch };
  }

  private inside(argv: string[]): string[] {
    return this.hosts.inside(this.side, argv);
  }

  private async stop({ sshd, host, landings, scratch }: UpRunner): Promise<void> {
    await landings.stop().catch(() => undefined);
    host.close();
    await sshd.stop();
    await rm(this.see(scratch), { recursive: true, force: true });
  }
}

/** What programs run by, and nothing that would last. */
function makeRunner(name: string, { host, scratch }: UpRunner): Runner {
  const { home: _lasts, ...rest } = host;
  return { ...rest, name, scratch };
}

const useOf = (volume: Volume, { of: state }: State, { relationship, target, syncId }: TransferId): Use => ({
  ...{ state, volume: volume.path, relationship, target, syncId },
});

/** Every step of the driver of directories, taken inside. */
function stepInside(away: AwayHost, agent: Host): VolumeDriver {
  const steps = Object.entries(directoryDriver).map(([name, step]: [string, unknown]) => {
    if (typeof step !== 'function') return [name, step] as const;
    const inside = async (_host: Host, ...args: unknown[]) =>
      await (step as (...all: unknown[]) => Promise<unknown>)(await away.api(agent), ...args);
    return [name, inside] as const;
  });
  return Object.fromEntries(steps) as unknown as VolumeDriver;
}

/** Directories of a host that is away, for the agent that speaks for it. */
export function awayDirectories(away: AwayHost): KindImplementation {
  return (agent) => ({
    driver: {
      ...stepInside(away, agent),
      async reach(_host, volume, state, use) {
        const up = await away.bringUp(useOf(volume, state, use));
        const inside = { ...up.host, home: join(away.root, 'home') };
        const { path } = await directoryDriver.reach(inside, volume, state, use);
        return {
          runner: makeRunner(agent.name, up),
          path,
          landings: up.landings.landings,
          close: () => away.end(up.use),
        };
      },
      leave: (_host, volume, use) => away.endAll({ volume: volume.path, ...use }),
    },
  });
}
