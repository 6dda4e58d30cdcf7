/** A door into a claim, whose pod is a folder of this machine, and somebody who pushes to it by plain rsync and ssh. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials, Host } from '../../../src/hosts/contract';
import { findFreePort } from '../../../src/hosts/free-port';
import { makeLocalHost } from '../../../src/hosts/local';
import type { DoorScheme } from '../../../src/model/doors';
import type { Volume } from '../../../src/model/records';
import type { Opened, Pushed } from '../../../src/movers/contract';
import { reachHere } from '../../../src/movers/reach';
import { PushMover } from '../../../src/volumes/peer/push/mover';
import { execute, Pusher, waitFor } from './door-rig';

const MOVER = { push: {} };

/** What would be in the Secret, in files of the pod. */
function makeCredentials(folder: string): Credentials {
  return {
    findDoorKeys: () =>
      Promise.resolve({ authorizedKeys: join(folder, 'key.pub'), hostKey: join(folder, 'host_key') }),
    findSharedKey: () => Promise.resolve(join(folder, 'psk.txt')),
  } as Partial<Credentials> as Credentials;
}

export class PushRig extends Pusher {
  mover: PushMover;
  readonly phases = new Set<string>();
  private readonly door: Volume;
  readonly claim: Volume = { kind: 'pvc', path: 'shop/data', door: 'shop-door' };

  private constructor(
    folder: string,
    port: number,
    readonly host: Host,
    signal: 'volsync' | undefined,
    scheme: DoorScheme,
  ) {
    super(folder, port);
    this.mover = this.makeMover();
    const options = { credentials: 'keys', ...(signal && { signal }) };
    this.door = { kind: 'peer', path: `${scheme}://shop-door:22`, options, near: { path: 'shop/data' } };
  }

  static async make(signal: 'volsync' | undefined = 'volsync', scheme: DoorScheme = 'ssh'): Promise<PushRig> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-push-'));
    for (const name of ['home', 'volume']) await mkdir(join(folder, name));
    await execute('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', join(folder, 'host_key')]);
    const api = { read: () => Promise.resolve({ metadata: { uid: 'uid-of-data' } }) };
    const local = makeLocalHost({ name: 'east', home: join(folder, 'home') });
    const host = { ...local, credentials: makeCredentials(folder), cluster: { api } } as unknown as Host;
    const rig = new PushRig(folder, await findFreePort('127.0.0.1'), host, signal, scheme);
    await rig.prepare();
    return rig;
  }

  get volume(): string {
    return join(this.folder, 'volume');
  }

  /** As a new life of the agent has it. */
  makeMover(): PushMover {
    return (this.mover = new PushMover({ address: '127.0.0.1', port: this.port }));
  }

  /** A push may be over between two looks of the mover; that one has begun stays to be read. */
  async untilBegun(): Promise<void> {
    const state = join(this.host.scratch, 'door/state');
    await waitFor('a push has begun', () => this.host.files.read(state));
  }

  id(sequence: number) {
    return { relationship: 'shop', target: 'east', syncId: `shop-${sequence}` };
  }

  async receive(sequence: number): Promise<Opened> {
    const [id, reach] = [this.id(sequence), reachHere(this.host, this.volume)];
    const offer = await this.mover.offer(this.host, {
      ...{ id, reach, targetHost: 'east', volume: this.door, mover: MOVER },
    });
    const landings = {
      open: () => Promise.reject(new Error('no landing')),
      close: () => Promise.resolve(),
      sweep: () => Promise.resolve(0),
    };
    return await this.mover.receive(this.host, landings, {
      ...{ id, reach, volume: this.claim, offer, writeMode: 'inPlace', mover: MOVER, expiresAt: '' },
    });
  }

  /** Waits until a push is whole. @param confirmed the sync that made the newest point */
  transfer(
    sequence: number,
    opened: Opened,
    { confirmed, signal = new AbortController().signal }: { confirmed?: string; signal?: AbortSignal } = {},
  ): Promise<Pushed> {
    const id = this.id(sequence);
    return this.mover.transfer(this.host, {
      ...{ id, opened, writeMode: 'inPlace', mover: MOVER, told: {}, signal },
      reach: reachHere(this.host, this.volume),
      capture: { syncId: id.syncId, method: 'Direct', path: 'ssh://shop-door:22', live: true },
      remembered: { epoch: 1, ...(confirmed !== undefined && { confirmed }) },
      onProgress: ({ phase }) => void this.phases.add(phase),
    });
  }

  close(sequence: number): Promise<void> {
    return this.mover.close(
      this.host,
      { runner: this.host, landings: undefined as never },
      this.id(sequence),
    );
  }

  read(name: string): Promise<string> {
    return readFile(join(this.volume, name), 'utf8');
  }

  write(name: string, text: string | Buffer): Promise<void> {
    return writeFile(this.at(name), text);
  }

  async dispose(): Promise<void> {
    await this.mover.closeAll(this.host, { runner: this.host, landings: undefined as never }, this.id(0));
    await rm(this.folder, { recursive: true, force: true });
  }
}
