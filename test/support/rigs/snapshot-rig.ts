/** A source and targets on storage that is sent by identity, with a real sshd between them. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../../src/hosts/contract';
import type { Landing } from '../../../src/landings/contract';
import type { LandingService } from '../../../src/landings/sshd';
import {
  findDivergence,
  planStream,
  type StreamPlan,
  type StreamSituation,
} from '../../../src/model/plan-stream';
import { limitDeletions } from '../../../src/model/plan-transfer';
import type { Comparison, Point, Progress, TransferStats, Volume } from '../../../src/model/records';
import type { MoverSpec } from '../../../src/model/spec';
import type { Capture } from '../../../src/model/capture';
import { makeStamp } from '../../conformance/volume-fixture';
import { inAnHour, type MakeHosts, makeLocalHosts, type RigHosts } from './mover-rig';
import type { SnapshotStorage } from '../storage/snapshot-storage';
import { pointPath } from '../trees/point-path';
import { reachHere } from '../../../src/movers/reach';
import { withLanding } from '../hosts/with-landing';

export interface StreamTarget {
  name: string;
  volume: Volume;
}

export interface StreamSync {
  target?: StreamTarget;
  spec?: MoverSpec;
  excluded?: string[];
  /** The guard of a spec. */
  maxDeletes?: string;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Stands in for the landing that the target answered. */
  changeLanding?: (landing: Landing) => Landing;
  /** What runs at the target in place of its host. */
  targetHost?: Host;
  sourceHost?: Host;
}

export interface Sent {
  plan: StreamPlan;
  stats: TransferStats;
  point: Point;
}

/** What is not the first link of a chain. */
interface RigOptions {
  relationship: string;
  /** The source, where it is there already. */
  volume?: Volume;
}

/** The steps of a sync, as its workflow takes them. */
export class SnapshotRig {
  private sequence = 0;
  readonly source: Host;
  readonly target: Host;
  readonly service: LandingService;

  private constructor(
    readonly storage: SnapshotStorage,
    readonly folder: string,
    private readonly hosts: RigHosts,
    readonly volume: Volume,
    readonly replica: StreamTarget,
    readonly relationship: string,
  ) {
    this.source = hosts.source;
    this.target = hosts.target;
    this.service = hosts.service;
  }

  static async make(
    storage: SnapshotStorage,
    makeHosts: MakeHosts = makeLocalHosts,
    { relationship, volume: given }: RigOptions = { relationship: 'wiki' },
  ): Promise<SnapshotRig> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-stream-'));
    const homes = { source: join(folder, 'home of alpha'), target: join(folder, "beta's home") };
    for (const home of Object.values(homes)) await mkdir(home);
    const hosts = await makeHosts(homes);
    const { source } = hosts;
    const volume = given ?? (await storage.makeVolume());
    await storage.driver.claim(source, volume, { relationship, epoch: 1, role: 'source' });
    const replica = { name: 'beta', volume: await storage.nameVolume() };
    return new SnapshotRig(storage, folder, hosts, volume, replica, relationship);
  }

  /** Another target of the same source. */
  async addTarget(name: string): Promise<StreamTarget> {
    return { name, volume: await this.storage.nameVolume() };
  }

  idOf({ name }: StreamTarget, syncId: string) {
    return { relationship: this.relationship, target: name, syncId };
  }

  nextSyncId(): string {
    return `${this.relationship}-${String(++this.sequence).padStart(6, '0')}`;
  }

  capture(syncId: string, spec = this.storage.spec, host = this.source): Promise<Capture> {
    const request = { relationship: this.relationship, syncId, method: 'Snapshot' as const, mover: spec };
    return this.storage.driver.capture(host, this.volume, request);
  }

  /** Claims the target, and says what both sides hold. */
  async look(target: StreamTarget, excluded: string[] = [], host = this.target): Promise<StreamSituation> {
    const { driver } = this.storage;
    await driver.claim(host, target.volume, { relationship: this.relationship, epoch: 1, role: 'target' });
    const [source, held, changed, { exists }] = [
      await driver.states(this.source, this.volume, this.relationship),
      await driver.states(host, target.volume, this.relationship),
      await driver.isChanged(host, target.volume, this.relationship),
      await driver.inspect(host, target.volume),
    ];
    return { source, target: held, targetExists: exists, targetChanged: changed, excluded };
  }

  /** What nobody overwrites unasked. */
  async divergence(target = this.replica) {
    return findDivergence(await this.look(target));
  }

  /** Offer, receive, transfer, with the capture that is there. */
  async send(capture: Capture, plan: StreamPlan, options: StreamSync = {}): Promise<TransferStats> {
    const { mover } = this.storage;
    const { target = this.replica, spec = this.storage.spec } = options;
    const { sourceHost = this.source, targetHost = this.target } = options;
    const id = this.idOf(target, capture.syncId);
    const offer = await mover.offer(sourceHost, {
      ...{ id, reach: reachHere(sourceHost, this.volume.path), targetHost: 'beta' },
      ...{ volume: this.volume, mover: spec },
    });
    const limit = await this.limit(options);
    const opened = await mover.receive(targetHost, this.service.landings, {
      ...{
        id,
        reach: reachHere(targetHost, target.volume.path),
        volume: target.volume,
        offer,
        stream: plan,
      },
      ...{ writeMode: 'inPlace', mover: spec, expiresAt: inAnHour(), ...limit },
    });
    return await mover.transfer(sourceHost, {
      ...{
        id,
        reach: reachHere(sourceHost, capture.path),
        capture,
        opened: withLanding(opened, options.changeLanding),
        stream: plan,
      },
      ...{ writeMode: 'inPlace', mover: spec, told: offer.told, ...limit },
      signal: options.signal ?? new AbortController().signal,
      onProgress: options.onProgress ?? (() => undefined),
    });
  }

  private async limit({ maxDeletes, target }: StreamSync) {
    if (maxDeletes === undefined) return {};
    const stream = await this.look(target ?? this.replica);
    const newestPoint = (await this.points(target)).at(-1);
    const { volume } = target ?? this.replica;
    const targetEntries = newestPoint ? 0 : (await this.storage.driver.size(this.target, volume)).entries;
    return limitDeletions({
      ...(newestPoint && { newestPoint }),
      targetEntries,
      maxDeletes,
      approved: false,
      stream,
    });
  }

  /** Closes both ends, and makes what was received a point. */
  async publish(
    capture: Capture,
    stream: StreamPlan,
    target = this.replica,
    host = this.target,
    stats?: TransferStats,
  ): Promise<Point> {
    await this.close(target, capture.syncId, host);
    const sequence = Number(capture.syncId.slice(-6));
    const point = await this.storage.driver.publish(host, target.volume, {
      ...{
        relationship: this.relationship,
        stamp: {
          ...makeStamp(sequence, { syncId: capture.syncId }),
          ...(stats && { bytes: stats.totalBytes, files: stats.totalFiles }),
        },
        method: 'Snapshot',
        stream,
      },
      ...(capture.identity !== undefined && { identity: capture.identity }),
    });
    await this.storage.driver.prune(host, target.volume, {
      relationship: this.relationship,
      removePointIds: [],
    });
    return point;
  }

  /** A whole sync of one target. */
  async sync(options: StreamSync = {}): Promise<Sent> {
    const { target = this.replica, spec, excluded, targetHost, sourceHost } = options;
    const syncId = this.nextSyncId();
    const situation = await this.look(target, excluded, targetHost);
    const capture = await this.capture(syncId, spec, sourceHost);
    const plan = planStream(situation);
    const stats = await this.send(capture, plan, options);
    return { plan, stats, point: await this.publish(capture, plan, target, targetHost, stats) };
  }

  /** The source loses all that a next sync could go on from. */
  async loseStates(): Promise<void> {
    const { storage, source, volume, relationship } = this;
    for (const state of await storage.driver.states(source, volume, relationship))
      await storage.destroyState(volume, state);
  }

  async release(...keepSyncIds: string[]): Promise<void> {
    await this.storage.driver.release(this.source, this.volume, {
      relationship: this.relationship,
      keepSyncIds,
    });
  }

  points(target = this.replica): Promise<Point[]> {
    return this.storage.driver.points(this.target, target.volume, this.relationship);
  }

  pathOfPoint(point: Point, target = this.replica): Promise<string> {
    return pointPath(this.storage.driver, this.target, target.volume, this.relationship, point.id);
  }

  /** Compares a point with the live source. */
  async verify(point: Point, { quick = false } = {}): Promise<Comparison> {
    const { mover, spec } = this.storage;
    const id = this.idOf(this.replica, `${this.relationship}-999999`);
    const reach = reachHere(this.source, this.volume.path);
    const offer = await mover.offerVerify(this.source, { id, reach, mover: spec, quick });
    const opened = await mover.receive(this.target, this.service.landings, {
      ...{
        id,
        reach: reachHere(this.target, await this.pathOfPoint(point)),
        volume: this.replica.volume,
        offer,
      },
      ...{ writeMode: 'verify', mover: spec, expiresAt: inAnHour() },
    });
    const comparison = await mover.verify(this.source, {
      ...{ id, reach, volume: this.volume, opened, mover: spec, quick },
      ...{ identity: point.identity, capturedAt: point.capturedAt },
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    await this.close(this.replica, id.syncId);
    return comparison;
  }

  async close(target: StreamTarget, syncId: string, host = this.target): Promise<void> {
    const id = this.idOf(target, syncId);
    const { landings } = this.service;
    for (const side of [this.source, host])
      await this.storage.mover.close(side, { runner: side, landings }, id);
  }

  async dispose(): Promise<void> {
    const removed = { relationship: this.relationship, keepCloneIds: [] };
    await this.storage.driver.removeClones(this.target, this.replica.volume, removed);
    for (const syncId of [this.sequence, 999_999])
      await this.close(this.replica, `${this.relationship}-${String(syncId).padStart(6, '0')}`);
    await this.hosts.dispose();
    await rm(this.folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** What a test of one source and its target works with. */
export interface RigBench {
  storage: SnapshotStorage;
  rig: SnapshotRig;
  /** Where the source's files are. */
  root: string;
}

/** Storage for a suite, and a rig of its own for each of the tests. @param take is given them before each test. */
export function makeRigForEach(
  makeStorage: () => Promise<SnapshotStorage>,
  take: (bench: RigBench) => void,
  makeHosts?: MakeHosts,
): void {
  let storage: SnapshotStorage;
  let rig: SnapshotRig;
  beforeAll(async () => {
    storage = await makeStorage();
  });
  afterAll(() => storage.dispose());
  beforeEach(async () => {
    rig = await SnapshotRig.make(storage, makeHosts);
    take({ storage, rig, root: await storage.pathOf(rig.volume) });
  });
  afterEach(() => rig.dispose());
}
