/** A source and a target that replicate by streams, as the workflow does it, without Temporal. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../../src/hosts/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import { type LandingService, startLandingSshd } from '../../../src/landings/sshd';
import {
  findDivergence,
  planStream,
  type StreamPlan,
  type StreamSituation,
} from '../../../src/model/plan-stream';
import type { Point, Role, TransferStats, Volume } from '../../../src/model/records';
import type { MoverSpec } from '../../../src/model/spec';
import type { Mover } from '../../../src/movers/contract';
import type { VolumeDriver } from '../../../src/volumes/contract';
import { makeStamp } from '../../conformance/volume-fixture';
import { pointPath } from '../trees/point-path';

/** One end of the link. */
export interface End {
  host: Host;
  service: LandingService;
  volume: Volume;
}

export interface StreamSync {
  plan: StreamPlan;
  stats: TransferStats;
  point: Point;
}

export interface SyncOptions {
  /** Points to remove after it. */
  remove?: string[];
  /** Bases known to be broken. */
  excluded?: string[];
  signal?: AbortSignal;
  maxDeletions?: number;
  /** Of an earlier attempt of the same sync. */
  sequence?: number;
}

const RELATIONSHIP = 'wiki';

export class StreamRig {
  private epoch = 1;
  private sequence = 0;
  source!: End;
  target!: End;

  private constructor(
    private readonly folder: string,
    private readonly driver: VolumeDriver,
    private readonly mover: Mover,
    public spec: MoverSpec,
  ) {}

  static async start(
    { driver, mover, spec }: { driver: VolumeDriver; mover: Mover; spec: MoverSpec },
    volumes: { source: Volume; target: Volume },
  ): Promise<StreamRig> {
    const rig = new StreamRig(await mkdtemp(join(tmpdir(), 'tidemark-streams-')), driver, mover, spec);
    rig.source = await rig.startEnd('alpha', volumes.source);
    rig.target = await rig.startEnd('beta', volumes.target);
    return rig;
  }

  /** Other volumes on the same hosts, with nothing remembered of the former. */
  use(volumes: { source: Volume; target: Volume }, spec = this.spec): void {
    this.spec = spec;
    this.source = { ...this.source, volume: volumes.source };
    this.target = { ...this.target, volume: volumes.target };
    this.epoch = 1;
    this.sequence = 0;
  }

  claim(role: Role) {
    return { relationship: RELATIONSHIP, epoch: this.epoch, role };
  }

  /** The source becomes the target, and the other way round. */
  async turnAround(): Promise<void> {
    this.epoch++;
    const { driver, source, target } = this;
    await driver.demote(source.host, source.volume, this.claim('target'));
    await driver.claim(target.host, target.volume, this.claim('target'));
    await driver.promote(target.host, target.volume, this.claim('source'));
    [this.source, this.target] = [target, source];
  }

  async look(excluded: readonly string[] = []): Promise<StreamSituation> {
    const { driver, source, target } = this;
    await driver.claim(source.host, source.volume, this.claim('source'));
    await driver.claim(target.host, target.volume, this.claim('target'));
    return {
      source: await driver.states(source.host, source.volume, RELATIONSHIP),
      target: await driver.states(target.host, target.volume, RELATIONSHIP),
      targetExists: (await driver.inspect(target.host, target.volume)).exists,
      targetChanged: await driver.isChanged(target.host, target.volume, RELATIONSHIP),
      excluded,
    };
  }

  async divergence(): Promise<ReturnType<typeof findDivergence>> {
    return findDivergence(await this.look());
  }

  points(): Promise<Point[]> {
    return this.driver.points(this.target.host, this.target.volume, RELATIONSHIP);
  }

  pathOf(point: Pick<Point, 'id'>): Promise<string> {
    return pointPath(this.driver, this.target.host, this.target.volume, RELATIONSHIP, point.id);
  }

  /** One sync, as the workflow makes it: the same steps in the same order. */
  async sync(options: SyncOptions = {}): Promise<StreamSync> {
    this.sequence = options.sequence ?? this.sequence + 1;
    const { driver, mover, source, target, spec } = this;
    const stamp = makeStamp(this.sequence);
    const { syncId } = stamp;
    const id = { relationship: RELATIONSHIP, target: 'copy', syncId };
    const plan = planStream(await this.look(options.excluded));
    const { signal = new AbortController().signal } = options;
    const request = { relationship: RELATIONSHIP, syncId, method: 'Snapshot' as const, mover: spec, signal };
    const capture = await driver.capture(source.host, source.volume, request);
    const live = await driver.reach(source.host, source.volume, { of: 'live' }, id);
    const offer = await mover.offer(source.host, {
      ...{ id, reach: live, targetHost: target.host.name, mover: spec },
    });
    await live.close();
    const to = await driver.reach(target.host, target.volume, { of: 'live' }, id);
    const from = await driver.reach(source.host, source.volume, { of: 'capture', capture }, id);
    const common = { id, mover: spec, writeMode: 'inPlace' as const, stream: plan };
    const limit = options.maxDeletions === undefined ? {} : { maxDeletions: options.maxDeletions };
    const opened = await mover.receive(target.host, target.service.landings, {
      ...{ ...common, offer, volume: target.volume, reach: to },
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const stats = await mover.transfer(source.host, {
      ...{
        ...common,
        capture,
        opened,
        signal,
        told: offer.told,
        reach: from,
        ...limit,
      },
      onProgress: () => undefined,
    });
    await from.close();
    const { identity = '' } = capture;
    const point = await driver.publish(target.host, target.volume, {
      ...{ relationship: RELATIONSHIP, method: 'Snapshot', signal },
      ...{ stamp, stream: plan, identity },
    });
    for (const { host, service } of [target, source])
      await mover.close(host, { runner: host, landings: service.landings }, id);
    await to.close();
    const removePointIds = options.remove ?? [];
    await driver.prune(target.host, target.volume, { relationship: RELATIONSHIP, removePointIds });
    const release = { relationship: RELATIONSHIP, keepSyncIds: [syncId] };
    await driver.release(source.host, source.volume, release);
    return { plan, stats, point };
  }

  async stop(): Promise<void> {
    await Promise.all([this.source, this.target].map(({ service }) => service.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async startEnd(name: string, volume: Volume): Promise<End> {
    const home = join(this.folder, name);
    await mkdir(home);
    const host = makeLocalHost({ name, home });
    const address = '127.0.0.1';
    const service = await startLandingSshd(host, { listenAddress: address, advertisedAddress: address });
    return { host, service, volume };
  }
}
