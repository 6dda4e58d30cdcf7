/** A source and a target of images, each with a home of its own, and a real sshd on loopback at the target. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../../src/hosts/contract';
import type { Landing } from '../../../src/landings/contract';
import type { Comparison, Point, Progress, TransferStats } from '../../../src/model/records';
import type { MoverSpec } from '../../../src/model/spec';
import { imageMover } from '../../../src/volumes/image/send';
import type { Capture } from '../../../src/model/capture';
import { imageDriver } from '../../../src/volumes/image';
import type { EngineKind } from '../../../src/volumes/image/store';
import { ImageStore } from '../storage/image-stores';
import { inAnHour, type MakeHosts, makeLocalHosts, moverSpec } from './mover-rig';
import { pointPath } from '../trees/point-path';
import { reachHere } from '../../../src/movers/reach';
import { withLanding } from '../hosts/with-landing';

export interface ImageSync {
  mover?: Parameters<typeof moverSpec>[0];
  maxDeletions?: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  changeLanding?: (landing: Landing) => Landing;
  retain?: number;
}

const RELATIONSHIP = 'wiki';

export class ImageRig {
  private sequence = 0;
  private ownStores: ImageStore[] = [];

  private constructor(
    readonly folder: string,
    readonly from: ImageStore,
    readonly to: ImageStore,
    public source: Host,
    public target: Host,
    private readonly hosts: Awaited<ReturnType<MakeHosts>>,
  ) {}

  static async make(
    from: ImageStore,
    to: ImageStore,
    makeHosts: MakeHosts = makeLocalHosts,
  ): Promise<ImageRig> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-images-'));
    const homes = { source: join(folder, 'home of alpha'), target: join(folder, "beta's home") };
    for (const home of Object.values(homes)) await mkdir(home);
    const hosts = await makeHosts(homes);
    return new ImageRig(folder, from, to, hosts.source, hosts.target, hosts);
  }

  /** With stores of its own, which go with it. */
  static async between(from: EngineKind, to: EngineKind, makeHosts?: MakeHosts): Promise<ImageRig> {
    const [source, target] = await Promise.all([ImageStore.make(from), ImageStore.make(to)]);
    const rig = await ImageRig.make(source, target, makeHosts);
    rig.ownStores = [source, target];
    return rig;
  }

  get service(): Awaited<ReturnType<MakeHosts>>['service'] {
    return this.hosts.service;
  }

  id(sequence = this.sequence) {
    return {
      relationship: RELATIONSHIP,
      target: 'beta',
      syncId: `wiki-${String(sequence).padStart(6, '0')}`,
    };
  }

  private spec(mover: ImageSync['mover']): MoverSpec {
    return moverSpec(mover ?? { image: {} });
  }

  async claim(): Promise<void> {
    await imageDriver.claim(this.source, this.from.volume, {
      relationship: RELATIONSHIP,
      epoch: 1,
      role: 'source',
    });
    await imageDriver.claim(this.target, this.to.volume, {
      relationship: RELATIONSHIP,
      epoch: 1,
      role: 'target',
    });
  }

  async capture(options: ImageSync = {}): Promise<Capture> {
    return await imageDriver.capture(this.source, this.from.volume, {
      relationship: RELATIONSHIP,
      syncId: this.id().syncId,
      method: 'Snapshot',
      mover: this.spec(options.mover),
    });
  }

  /** Offer, receive, transfer of the current sync. */
  async transfer(capture: Capture, options: ImageSync = {}): Promise<TransferStats> {
    const mover = this.spec(options.mover);
    const id = this.id();
    const limit = options.maxDeletions === undefined ? {} : { maxDeletions: options.maxDeletions };
    const offer = await imageMover.offer(this.source, {
      ...{ id, reach: reachHere(this.source, this.from.volume.path), targetHost: 'beta', mover },
    });
    const { volume } = this.to;
    const opened = await imageMover.receive(this.target, this.service.landings, {
      ...{ id, reach: reachHere(this.target, volume.path), volume, offer, mover, expiresAt: inAnHour() },
      ...{ writeMode: 'inPlace' as const, ...limit },
    });
    return await imageMover.transfer(this.source, {
      ...{
        id,
        reach: reachHere(this.source, capture.path),
        capture,
        writeMode: 'inPlace',
        mover,
        told: offer.told,
        ...limit,
      },
      opened: withLanding(opened, options.changeLanding),
      signal: options.signal ?? new AbortController().signal,
      onProgress: options.onProgress ?? (() => undefined),
    });
  }

  async publish(capture: Capture, stats: TransferStats, { signal }: ImageSync = {}): Promise<Point> {
    const at = new Date().toISOString();
    return await imageDriver.publish(this.target, this.to.volume, {
      relationship: RELATIONSHIP,
      stamp: {
        id: `point-${String(this.sequence).padStart(6, '0')}`,
        ...{ syncId: this.id().syncId, sequence: this.sequence, capturedAt: at, publishedAt: at },
        ...{ bytes: stats.totalBytes, files: stats.totalFiles },
      },
      method: 'Snapshot',
      ...(capture.identity !== undefined && { identity: capture.identity }),
      ...(signal && { signal }),
    });
  }

  /** A whole sync, as a workflow makes it; points beyond the newest `retain` are pruned. */
  async sync(options: ImageSync = {}): Promise<{ stats: TransferStats; point: Point }> {
    this.next();
    return await this.attempt(options);
  }

  next(): void {
    this.sequence++;
  }

  /** The current sync, once more where it was cut off. */
  async attempt(options: ImageSync = {}): Promise<{ stats: TransferStats; point: Point }> {
    await this.claim();
    const capture = await this.capture(options);
    const stats = await this.transfer(capture, options);
    await this.close();
    const point = await this.publish(capture, stats, options);
    const { retain = 3 } = options;
    const points = await this.points();
    await this.prune(
      points
        .filter(({ diverged }) => !diverged)
        .slice(0, -retain)
        .map(({ id }) => id),
    );
    await imageDriver.release(this.source, this.from.volume, { relationship: RELATIONSHIP, keepSyncIds: [] });
    return { stats, point };
  }

  points(): Promise<Point[]> {
    return imageDriver.points(this.target, this.to.volume, RELATIONSHIP);
  }

  prune(removePointIds: string[]): Promise<void> {
    return imageDriver.prune(this.target, this.to.volume, { relationship: RELATIONSHIP, removePointIds });
  }

  async verify(
    point: Point,
    { quick = false, mover }: { quick?: boolean } & Pick<ImageSync, 'mover'> = {},
  ): Promise<Comparison> {
    const spec = this.spec(mover);
    const id = this.id();
    const reach = reachHere(this.source, this.from.volume.path);
    const offer = await imageMover.offerVerify(this.source, { id, reach, mover: spec, quick });
    const { volume } = this.to;
    const path = await pointPath(imageDriver, this.target, volume, RELATIONSHIP, point.id);
    const opened = await imageMover.receive(this.target, this.service.landings, {
      ...{
        id,
        reach: reachHere(this.target, path),
        volume,
        offer,
        mover: spec,
        expiresAt: inAnHour(),
        writeMode: 'verify',
      },
    });
    const comparison = await imageMover.verify(this.source, {
      ...{ id, reach, volume: this.from.volume, opened, mover: spec, quick },
      ...{ identity: point.identity, capturedAt: point.capturedAt },
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    await this.close();
    return comparison;
  }

  async close(): Promise<void> {
    for (const host of [this.source, this.target])
      await imageMover.close(host, { runner: host, landings: this.service.landings }, this.id());
  }

  async dispose(): Promise<void> {
    await this.close();
    await this.hosts.dispose();
    await rm(this.folder, { recursive: true, force: true });
    for (const store of this.ownStores) await store.dispose();
  }
}
