/** A source and a target that are devices or image files, replicated as the workflow does it, without Temporal. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../../src/hosts/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import type { Landing } from '../../../src/landings/contract';
import { type LandingService, startLandingSshd } from '../../../src/landings/sshd';
import type {
  CaptureMethod,
  Comparison,
  Point,
  PointMethod,
  Progress,
  Role,
  TransferStats,
  Volume,
} from '../../../src/model/records';
import { MoverSchema, type MoverSpec } from '../../../src/model/spec';
import { blockMover } from '../../../src/movers/block';
import type { TransferId } from '../../../src/movers/contract';
import { blockDriver } from '../../../src/volumes/block';
import { makeStamp } from '../../conformance/volume-fixture';
import { withLanding } from '../hosts/with-landing';

export const blockSpec = (options: object = {}): MoverSpec => MoverSchema.parse({ block: options });

/** One end of the link. */
interface End {
  host: Host;
  service: LandingService;
  volume: Volume;
}

export interface BlockSync {
  capture?: CaptureMethod;
  points?: PointMethod;
  mover?: MoverSpec;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  changeLanding?: (landing: Landing) => Landing;
  /** Of an earlier attempt of the same sync. */
  sequence?: number;
}

const RELATIONSHIP = 'db';

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

export class BlockRig {
  private epoch = 1;
  private sequence = 0;

  private constructor(
    readonly folder: string,
    public source: End,
    public target: End,
  ) {}

  static async start(volumes: { source: Volume; target: Volume }): Promise<BlockRig> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-block-'));
    const start = async (name: string, volume: Volume): Promise<End> => {
      const home = join(folder, name);
      await mkdir(home);
      const host = makeLocalHost({ name, home });
      const addresses = { listenAddress: '127.0.0.1', advertisedAddress: '127.0.0.1' };
      return { host, service: await startLandingSshd(host, addresses), volume };
    };
    return new BlockRig(folder, await start('alpha', volumes.source), await start('beta', volumes.target));
  }

  claim(role: Role) {
    return { relationship: RELATIONSHIP, epoch: this.epoch, role };
  }

  id(): TransferId {
    return { relationship: RELATIONSHIP, target: 'copy', syncId: makeStamp(this.sequence).syncId };
  }

  /** The source becomes the target, and the other way round. */
  async turnAround(): Promise<void> {
    this.epoch++;
    const { source, target } = this;
    await blockDriver.demote(source.host, source.volume, this.claim('target'));
    await blockDriver.claim(target.host, target.volume, this.claim('target'));
    await blockDriver.promote(target.host, target.volume, this.claim('source'));
    [this.source, this.target] = [target, source];
  }

  points(): Promise<Point[]> {
    return blockDriver.points(this.target.host, this.target.volume, RELATIONSHIP);
  }

  /** One sync, as the workflow makes it: the same steps in the same order. */
  async sync(options: BlockSync = {}): Promise<{ stats: TransferStats; point: Point }> {
    this.sequence = options.sequence ?? this.sequence + 1;
    const { source, target } = this;
    const { mover = blockSpec(), signal = new AbortController().signal } = options;
    const id = this.id();
    await blockDriver.claim(source.host, source.volume, this.claim('source'));
    await blockDriver.claim(target.host, target.volume, this.claim('target'));
    const live = await blockDriver.reach(source.host, source.volume, { of: 'live' }, id);
    const asked = { id, reach: live, targetHost: target.host.name, volume: source.volume, mover };
    const offer = await blockMover.offer(source.host, asked);
    const { syncId } = id;
    const method = options.capture ?? 'Direct';
    const wanted = { relationship: RELATIONSHIP, syncId, method, mover, signal };
    const capture = await blockDriver.capture(source.host, source.volume, wanted);
    const to = await blockDriver.reach(target.host, target.volume, { of: 'live' }, id);
    const common = { id, mover, writeMode: 'inPlace' as const };
    const opened = await blockMover.receive(target.host, target.service.landings, {
      ...{ ...common, reach: to, volume: target.volume, offer, expiresAt: inAnHour() },
    });
    const state = capture.live ? { of: 'live' as const } : { of: 'capture' as const, capture };
    const from = await blockDriver.reach(source.host, source.volume, state, id);
    const stats = await blockMover.transfer(source.host, {
      ...{ ...common, reach: from, capture, told: offer.told, signal },
      opened: withLanding(opened, options.changeLanding),
      onProgress: options.onProgress ?? (() => undefined),
    });
    await this.close();
    const stamp = { ...makeStamp(this.sequence), bytes: stats.totalBytes, files: stats.totalFiles };
    const request = { relationship: RELATIONSHIP, stamp, method: options.points ?? 'Direct', signal };
    const point = await blockDriver.publish(target.host, target.volume, request);
    const release = { relationship: RELATIONSHIP, keepSyncIds: [] };
    await blockDriver.release(source.host, source.volume, release);
    return { stats, point };
  }

  async verify(point: Point, { quick = false } = {}): Promise<Comparison> {
    const { source, target } = this;
    const { id, mover } = { id: this.id(), mover: blockSpec() };
    const from = await blockDriver.reach(source.host, source.volume, { of: 'live' }, id);
    const offer = await blockMover.offerVerify(source.host, { id, reach: from, mover, quick });
    const state = { of: 'point', relationship: RELATIONSHIP, pointId: point.id } as const;
    const reach = await blockDriver.reach(target.host, target.volume, state, id);
    const opened = await blockMover.receive(target.host, target.service.landings, {
      ...{ id, reach, volume: target.volume, offer, mover, writeMode: 'verify', expiresAt: inAnHour() },
    });
    const comparison = await blockMover.verify(source.host, {
      ...{ id, reach: from, volume: source.volume, opened, mover, identity: point.identity, quick },
      ...{ capturedAt: point.capturedAt, pointSyncId: point.syncId },
      ...{ signal: new AbortController().signal, onProgress: () => undefined },
    });
    await this.close();
    return comparison;
  }

  async close(): Promise<void> {
    for (const { host, service } of [this.source, this.target])
      await blockMover.close(host, { runner: host, landings: service.landings }, this.id());
  }

  async stop(): Promise<void> {
    for (const { host, service } of [this.source, this.target]) {
      await blockMover.closeAll(host, { runner: host, landings: service.landings }, this.id());
      await service.stop();
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
