/** Somebody who pushes by plain rsync and ssh, and an agent with one door for them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Host } from '../../../src/hosts/contract';
import { makeCredentials } from '../../../src/hosts/credentials';
import { findFreePort } from '../../../src/hosts/free-port';
import { makeLocalHost } from '../../../src/hosts/local';
import type { Capture } from '../../../src/model/capture';
import type { VolumeOptionValues } from '../../../src/model/kinds';
import type { Volume } from '../../../src/model/records';
import type { Whereabouts } from '../../../src/volumes/contract';
import { makeVolumes, type Volumes } from '../../../src/volumes/registry';
import { waitFor as wait } from '../wait-for';

export const execute = promisify(execFile);

/** Waits until there is an answer. */
export async function waitFor<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  let found: T | undefined;
  await wait(async () => (found = await ask()) !== undefined, what);
  return found as T;
}
export const CLAIM = { relationship: 'wiki', epoch: 1, role: 'source' } as const;

export interface Ran {
  code: number;
  stderr: string;
}

/** Somebody with a key and a folder to push. Who answers at first is pinned. */
export class Pusher {
  constructor(
    readonly folder: string,
    readonly port: number,
  ) {}

  /** Makes the key, and the folder that is pushed. @returns the public key */
  async prepare(): Promise<string> {
    await mkdir(join(this.folder, 'pusher'), { recursive: true });
    await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(this.folder, 'key')]);
    return await readFile(join(this.folder, 'key.pub'), 'utf8');
  }

  at(name: string): string {
    return join(this.folder, 'pusher', name);
  }

  ssh(key = 'key'): string[] {
    const pinned = `${this.folder}/known_hosts`;
    return [
      ...[
        'ssh',
        '-p',
        String(this.port),
        '-i',
        join(this.folder, key),
        '-o',
        'IdentitiesOnly=yes',
        '-o',
        'BatchMode=yes',
      ],
      ...[
        '-o',
        `UserKnownHostsFile=${pinned}`,
        '-o',
        'StrictHostKeyChecking=accept-new',
        '-o',
        'LogLevel=ERROR',
        '-F',
        'none',
      ],
    ];
  }

  get account(): string {
    return `${userInfo().username}@127.0.0.1`;
  }

  /** Runs a command there, as nobody should. */
  ask(command: string[], key?: string): Promise<Ran> {
    const [ssh = '', ...args] = this.ssh(key);
    return run(ssh, [...args, this.account, ...command]);
  }

  begin(options: string[] = [], to = '.', key?: string): ChildProcess {
    const args = [
      '-aHAXS',
      '--delete',
      '--modify-window=-1',
      ...options,
      '-e',
      this.ssh(key).join(' '),
      `${this.folder}/pusher/`,
    ];
    return spawn('rsync', [...args, `${this.account}:${to}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  push(options?: string[], to?: string): Promise<Ran> {
    return ended(this.begin(options, to));
  }

  /** As the rsync source of VolSync does it, with one try. */
  async pushAsVolsync(shutdown = true): Promise<Ran> {
    const options = ['-aAhHSxz', '--delete', '--itemize-changes', '--info=stats2,misc2'];
    const args = [...options, '-e', this.ssh().join(' '), `${this.folder}/pusher/`, `${this.account}:.`];
    const pushed = await run('rsync', args);
    return pushed.code === 0 && shutdown ? await this.ask(['shutdown', '0']) : pushed;
  }
}

/** An agent with one door, and somebody who pushes to it. */
export class DoorRig extends Pusher {
  volumes!: Volumes;
  readonly due: string[] = [];
  /** What the next life of the agent is told of the volume. */
  whereabouts: Whereabouts | undefined;

  private constructor(
    folder: string,
    readonly host: Host,
    readonly volume: Volume,
    port: number,
    /** What is pushed lies there. */
    readonly pushed: string,
  ) {
    super(folder, port);
  }

  static async make(options: VolumeOptionValues = {}, incoming?: string): Promise<DoorRig> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-door-'));
    for (const name of ['credentials/nas', 'home']) await mkdir(join(folder, name), { recursive: true });
    const keys = await new Pusher(folder, 0).prepare();
    await writeFile(join(folder, 'credentials/nas/authorized_keys'), keys, { mode: 0o644 });
    const credentials = makeCredentials('beta', join(folder, 'credentials'));
    const host = { ...makeLocalHost({ name: 'beta', home: join(folder, 'home') }), credentials };
    const port = await findFreePort('127.0.0.1');
    const pushed = incoming ?? join(folder, 'incoming/wiki');
    await mkdir(pushed, { recursive: true });
    const path = `ssh://127.0.0.1:${port}${pushed}`;
    const volume: Volume = { kind: 'peer', path, options: { credentials: 'nas', ...options } };
    const rig = new DoorRig(folder, host, volume, port, pushed);
    await rig.startAgent();
    return rig;
  }

  get driver() {
    return this.volumes.driverFor('peer');
  }

  async startAgent(): Promise<void> {
    this.volumes = makeVolumes(this.host);
    await this.volumes.start({
      syncIsDue: (relationship) => void this.due.push(relationship),
      findVolume: () => Promise.resolve(this.whereabouts),
    });
  }

  async stopAgent(): Promise<void> {
    await this.volumes.stop();
  }

  async dispose(): Promise<void> {
    await this.stopAgent();
    await rm(this.folder, { recursive: true, force: true });
  }

  async claim(): Promise<void> {
    await this.driver.check(this.host, this.volume, CLAIM);
    await this.driver.claim(this.host, this.volume, CLAIM);
  }

  capture(sequence: number, method: Capture['method'] = 'Direct'): Promise<Capture> {
    const request = { relationship: 'wiki', syncId: `wiki-${sequence}`, method };
    return this.driver.capture(this.host, this.volume, request);
  }

  release(): Promise<void> {
    return this.driver.release(this.host, this.volume, { relationship: 'wiki', keepSyncIds: [] });
  }
}

export async function ended(child: ChildProcess): Promise<Ran> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? -1)));
  return { code, stderr };
}

export const run = (program: string, args: string[]): Promise<Ran> =>
  ended(spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] }));
