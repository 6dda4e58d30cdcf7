/** One folder of somebody else's, its source, and an agent that pushes to it as a sync does. */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCredentials } from '../../../src/hosts/credentials';
import type { Host } from '../../../src/hosts/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import type { Landings } from '../../../src/landings/contract';
import type { VolumeOptionValues } from '../../../src/model/kinds';
import type { Volume } from '../../../src/model/records';
import { MoverSchema } from '../../../src/model/spec';
import type { TransferId, TransferRequest } from '../../../src/movers/contract';
import { reachHere } from '../../../src/movers/reach';
import { rsyncMover } from '../../../src/movers/rsync';
import { makeVolumes } from '../../../src/volumes/registry';
import { makeStamp, TARGET } from '../../conformance/volume-fixture';
import { PeerServer } from '../stores/peer-server';
import { withTree } from './with-tree';

const opensNothing = () => Promise.reject(new Error('nothing is opened'));
const NO_LANDINGS: Landings = { open: opensNothing, close: opensNothing, sweep: opensNothing };

interface SendOptions extends Partial<Pick<TransferRequest, 'maxDeletions' | 'signal' | 'onProgress'>> {
  epoch?: number;
  approved?: boolean;
  mover?: object;
}

/** How a peer is reached, and where its folder is on this machine. */
export interface PeerPlace {
  url: string;
  credentials: string;
  /** What is in there its owner sees. */
  folder: string;
  options?: VolumeOptionValues;
}

export class PeerRig {
  private constructor(
    readonly host: Host,
    readonly source: string,
    readonly volume: Volume,
    /** The peer's folder, as its owner sees it. */
    readonly far: string,
  ) {}

  /** @param folder of this rig alone; its agent's credentials lie beside it */
  static async make(folder: string, credentials: string, place: PeerPlace): Promise<PeerRig> {
    await mkdir(join(folder, 'source'), { recursive: true });
    const host: Host = {
      ...makeLocalHost({ name: 'alpha', home: join(folder, 'home') }),
      credentials: makeCredentials('alpha', credentials),
    };
    const options = { credentials: place.credentials, ...place.options };
    const volume: Volume = { kind: 'peer', path: place.url, options };
    return new PeerRig(host, join(folder, 'source'), volume, place.folder);
  }

  get driver() {
    return makeVolumes(this.host).driverFor('peer');
  }

  /** The same peer, by another agent: of another home, or whose programs end. */
  withHost(host: Host): PeerRig {
    const { credentials } = this.host;
    const its = { ...host, ...(credentials && { credentials }) };
    return new PeerRig(its, this.source, this.volume, this.far);
  }

  /** The same folder, reached otherwise. */
  reachedBy(path: string, options: VolumeOptionValues = {}): PeerRig {
    const volume: Volume = { kind: 'peer', path, options: { ...this.volume.options, ...options } };
    return new PeerRig(this.host, this.source, volume, this.far);
  }

  private idOf(sequence: number): TransferId {
    return { relationship: 'wiki', target: 'peer', syncId: makeStamp(sequence).syncId };
  }

  /** Pushes the source, without publishing. */
  async send(sequence: number, { epoch = 1, approved = false, mover: its = {}, ...more }: SendOptions = {}) {
    const { host, volume, source, driver } = this;
    const id = this.idOf(sequence);
    const claim = { ...TARGET, epoch };
    await driver.check(host, volume, claim, { approved });
    await driver.claim(host, volume, claim, { approved });
    await driver.make?.(host, volume, claim, {});
    const mover = MoverSchema.parse({ rsync: its });
    const keeps = await driver.keeps?.(host, volume);
    const offer = await rsyncMover.offer(host, {
      ...{ id, reach: reachHere(host, source), targetHost: 'alpha', mover },
    });
    const reach = await driver.reach(host, volume, { of: 'live' }, id);
    const opened = await rsyncMover.receive(host, NO_LANDINGS, {
      ...{ id, reach, volume, offer, writeMode: 'delayed', mover, expiresAt: '' },
      ...(keeps && { keeps }),
    });
    const confirmed = (await driver.points(host, volume, 'wiki')).at(-1)?.syncId;
    const stats = await rsyncMover.transfer(host, {
      ...{ id, reach: reachHere(host, source), opened, mover, told: offer.told, writeMode: 'delayed' },
      capture: { syncId: id.syncId, method: 'Direct', path: source, live: true },
      remembered: { epoch, ...(confirmed !== undefined && { confirmed }) },
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...more,
    });
    await rsyncMover.close(host, { runner: host, landings: NO_LANDINGS }, id);
    return stats;
  }

  /** The same, as one sync does it. */
  async sync(sequence: number, options?: SendOptions) {
    const stats = await this.send(sequence, options);
    return { stats, point: await this.publish(sequence, stats.totalFiles) };
  }

  publish(sequence: number, files: number) {
    const stamp = makeStamp(sequence, { files });
    return this.driver.publish(this.host, this.volume, { relationship: 'wiki', method: 'Direct', stamp });
  }

  async points(): Promise<string[]> {
    return (await this.driver.points(this.host, this.volume, 'wiki')).map(({ id }) => id);
  }

  /** Compares the source with what is there, by checksum. */
  async compare(pointId: string) {
    const { host, volume, source, driver } = this;
    const id = this.idOf(98);
    const mover = MoverSchema.parse({ rsync: {} });
    const state = { of: 'point', relationship: 'wiki', pointId, toCompare: true } as const;
    const reach = await driver.reach(host, volume, state, id);
    const offer = await rsyncMover.offerVerify(host, {
      ...{ id, reach: reachHere(host, source), mover, quick: false },
    });
    const keeps = await driver.keeps?.(host, volume);
    const opened = await rsyncMover.receive(host, NO_LANDINGS, {
      ...{ id, reach, volume, offer, writeMode: 'verify', mover, expiresAt: '' },
      ...(keeps && { keeps }),
    });
    return await rsyncMover.verify(host, {
      ...{ id, reach: reachHere(host, source), volume, opened, mover, identity: '', quick: false },
      ...{ capturedAt: new Date().toISOString(), signal: new AbortController().signal },
      onProgress: () => undefined,
    });
  }

  /** Works on the tree of a point, brought here. */
  async withTree<T>(pointId: string, work: (path: string) => Promise<T>): Promise<T> {
    return await withTree(this, this.idOf(99), pointId, work);
  }
}

interface Stage {
  folder: string;
  /** The agent's folder of credentials. */
  credentials: string;
  server: PeerServer;
  /** A rig of this test's own. */
  make(place: PeerPlace): Promise<PeerRig>;
}

/** A peer for one suite. To be called once, before the tests. */
export function usePeer(): Stage {
  const stage = {} as Stage;
  let count = 0;
  beforeAll(async () => {
    stage.folder = await mkdtemp(join(tmpdir(), 'tidemark-peers-'));
    await chmod(stage.folder, 0o755);
    stage.credentials = join(stage.folder, 'credentials');
    stage.server = await PeerServer.start();
    stage.make = (place) => PeerRig.make(join(stage.folder, String(++count)), stage.credentials, place);
  });
  afterAll(async () => {
    await stage.server?.dispose();
    await rm(stage.folder, { recursive: true, force: true });
  });
  return stage;
}
