/** Two hosts on this machine, each with a home of its own, and a real sshd on loopback at the target. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../../src/hosts/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import type { Landing } from '../../../src/landings/contract';
import { type LandingService, startLandingSshd } from '../../../src/landings/sshd';
import type { Comparison, Difference, Progress, TransferStats, Volume } from '../../../src/model/records';
import { MoverSchema, type MoverSpec } from '../../../src/model/spec';
import type { Mover, TransferId, WriteMode } from '../../../src/movers/contract';
import { directoryDriver } from '../../../src/volumes/directory';
import type { Capture } from '../../../src/model/capture';
import { reachHere } from '../../../src/movers/reach';
import { withLanding } from '../hosts/with-landing';

export interface SyncOptions {
  writeMode?: WriteMode;
  mover?: MoverSpec;
  maxDeletions?: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Stands in for the landing that the target answered. */
  changeLanding?: (landing: Landing) => Landing;
  sourcePath?: string;
  targetPath?: string;
  expiresAt?: string;
  id?: TransferId;
  /** Of a source whose live volume is another. */
  livePath?: string;
  /** The sync that the target confirmed last; by default the rig's own last one. `null`: nothing is remembered. */
  confirmed?: string | null;
  /** What others wrote to at the target. */
  written?: string[];
  /** They made no name there. */
  hasNoNewNames?: boolean;
  /** How many entries the target's newest point has. */
  targetEntries?: number;
}

export interface MoverRig {
  folder: string;
  source: Host;
  target: Host;
  sourcePath: string;
  targetPath: string;
  service: LandingService;
  id: TransferId;
  mover: Mover;
  /** Offer, receive, transfer; closed only where that succeeded, so that a test can look. */
  sync(options?: SyncOptions): Promise<TransferStats>;
  verify(options?: { capturedAt?: string; mover?: MoverSpec }): Promise<Difference[]>;
  compare(options?: {
    capturedAt?: string;
    mover?: MoverSpec;
    quick?: boolean;
    targetPath?: string;
  }): Promise<Comparison>;
  close(id?: TransferId): Promise<void>;
  dispose(): Promise<void>;
}

/** What changed within the grain of the clock before a look is not trusted, and compared again by the sync after it. */
export const outlastGrain = () => new Promise((resolve) => setTimeout(resolve, 50));

export const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
export const moverSpec = (spec: Parameters<typeof MoverSchema.parse>[0] = {}): MoverSpec =>
  MoverSchema.parse(spec);

/** A directory as drivers and movers know it. */
export const directoryAt = (path: string): Volume => ({ kind: 'directory', path });

/** What a live directory is captured as. */
export const captureOf = (path: string): Capture => ({
  syncId: 'wiki-000001',
  method: 'Direct',
  path,
  live: true,
});

/** Where the hosts of a rig are, and how the target takes what is sent. */
export interface RigHosts {
  source: Host;
  target: Host;
  service: LandingService;
  readonly dispose: () => Promise<void>;
}

export type MakeHosts = (homes: { source: string; target: string }) => Promise<RigHosts>;

/** Both are this machine, with an sshd of the target's own. */
export const makeLocalHosts: MakeHosts = async (homes) => {
  const source = makeLocalHost({ name: 'alpha', home: homes.source });
  const target = makeLocalHost({ name: 'beta', home: homes.target });
  const addresses = { listenAddress: '127.0.0.1', advertisedAddress: '127.0.0.1' };
  const service = await startLandingSshd(target, addresses);
  return { source, target, service, dispose: () => service.stop() };
};

/** @param under where both volumes lie; by default the machine's folder for temporary files. */
export async function makeMoverRig(
  mover: Mover,
  under = tmpdir(),
  makeHosts: MakeHosts = makeLocalHosts,
): Promise<MoverRig> {
  const folder = await mkdtemp(join(under, 'tidemark-mover-'));
  const homes = { source: join(folder, 'home of alpha'), target: join(folder, "beta's home") };
  const sourcePath = join(folder, 'source');
  const targetPath = join(folder, 'target');
  for (const path of [homes.source, homes.target, sourcePath, targetPath]) await mkdir(path);
  const { source, target, service, dispose } = await makeHosts(homes);
  const usual: TransferId = { relationship: 'wiki', target: 'beta', syncId: 'wiki-000001' };

  const keepsAt = async (path: string) => {
    const keeps = await directoryDriver.keeps?.(target, directoryAt(path));
    return keeps ? { keeps } : {};
  };

  let sequence = 0;
  let last: string | undefined;
  const rig: MoverRig = {
    ...{ folder, source, target, sourcePath, targetPath, service, mover, id: usual },
    async sync(options = {}) {
      const { writeMode = 'inPlace', mover: spec = moverSpec(), maxDeletions, livePath } = options;
      const { written, confirmed = last, id = { ...usual, syncId: `wiki-${++sequence}` } } = options;
      const remembered = { epoch: 1, ...(confirmed && { confirmed }), ...(livePath && { livePath }) };
      const { hasNoNewNames = false, targetEntries } = options;
      const limit = maxDeletions === undefined ? {} : { maxDeletions };
      const from = reachHere(source, options.sourcePath ?? sourcePath);
      const offer = await mover.offer(source, { id, reach: from, targetHost: target.name, mover: spec });
      const path = options.targetPath ?? targetPath;
      const expiresAt = options.expiresAt ?? inAnHour();
      const opened = await mover.receive(target, service.landings, {
        id,
        reach: reachHere(target, path),
        volume: directoryAt(path),
        offer,
        writeMode,
        mover: spec,
        expiresAt,
        ...limit,
        written: { files: written ?? [], hasNoNewNames },
        ...(await keepsAt(path)),
      });
      const stats = await mover.transfer(source, {
        id,
        reach: from,
        capture: captureOf(from.path),
        opened: withLanding(opened, options.changeLanding),
        writeMode,
        mover: spec,
        told: offer.told,
        ...limit,
        ...(targetEntries !== undefined && { targetEntries }),
        ...(confirmed !== null && { remembered }),
        signal: options.signal ?? new AbortController().signal,
        onProgress: options.onProgress ?? (() => undefined),
      });
      last = id.syncId;
      await rig.close(id);
      return stats;
    },
    async verify(options) {
      return (await rig.compare(options)).differences;
    },
    async compare({
      capturedAt = new Date(0).toISOString(),
      mover: spec = moverSpec(),
      quick = false,
      targetPath: path = targetPath,
    } = {}) {
      const from = reachHere(source, sourcePath);
      const offer = await mover.offerVerify(source, { id: usual, reach: from, mover: spec, quick });
      const request = {
        id: usual,
        reach: reachHere(target, path),
        volume: directoryAt(path),
        offer,
        writeMode: 'verify' as const,
        mover: spec,
        expiresAt: inAnHour(),
        ...(await keepsAt(path)),
      };
      const opened = await mover.receive(target, service.landings, request);
      const { signal } = new AbortController();
      const onProgress = () => undefined;
      const comparison = await mover.verify(source, {
        id: usual,
        reach: from,
        volume: directoryAt(sourcePath),
        opened,
        mover: spec,
        identity: 'of the point',
        quick,
        capturedAt,
        signal,
        onProgress,
      });
      await rig.close();
      return comparison;
    },
    async close(id = usual) {
      for (const host of [source, target])
        await mover.close(host, { runner: host, landings: service.landings }, id);
    },
    async dispose() {
      for (const host of [source, target])
        await mover.closeAll(host, { runner: host, landings: service.landings }, usual);
      await dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return rig;
}
