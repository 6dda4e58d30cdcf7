/**
 * What workflows call on a host's agent; `control/contract.ts` has what they call on the control worker. Types
 * alone, so that workflow code can import them.
 */
import type { VolumeOptionValues } from '../model/kinds';
import type { LeftOut } from '../model/left-out';
import type {
  Claim,
  Comparison,
  HeldState,
  Instant,
  KeptPoint,
  Point,
  PointMethod,
  TransferStats,
  Volume,
} from '../model/records';
import type { OthersPage, OthersRequest } from '../model/others';
import type {
  DiffPointsRequest,
  FindRequest,
  FoundVersions,
  ListPointRequest,
  PointListing,
  PointsDiff,
} from '../api/points';
import type { StreamPlan } from '../model/plan-stream';
import type { Shortage } from '../model/room';
import type { Growth } from '../model/space';
import type { HookSpec, MoverSpec, RetainSpec, SourceSpec, TargetSpec } from '../model/spec';
import type { Offer, Opened, Told, TransferId, WriteMode } from '../movers/contract';
import type { Demoted, Inspection, VolumeShape } from '../volumes/contract';
import type { Capture } from '../model/capture';

/** What every step on a host is told: whose volume, and in which epoch. */
export interface StepContext {
  volume: Volume;
  claim: Claim;
  syncId: string;
}

export interface SourcePrepared {
  /** Estimate of the bytes in the tree: on disk, and as long as its files are. */
  bytes: number;
  fileBytes: number;
  empty: boolean;
  /** False where the live volume is read and no hook runs: `capture` can be left out. */
  captureNeeded: boolean;
  liveCapture: Capture;
  /** By target name. */
  offers: Record<string, Offer>;
  warnings: string[];
  /** What an incremental can start from, oldest first; none for movers that need no common state. */
  states?: HeldState[];
  /** Of kinds that are looked at once they are frozen: what was frozen. */
  capture?: Capture;
  /** What a target must be like to hold it. */
  shape?: VolumeShape;
}

export interface TargetPrepared {
  method: PointMethod;
  hasHardLinks: boolean;
  freeBytes: number;
  /** Of a device: as `Inspection.fixedBytes`. */
  fixedBytes?: number;
  /** Bytes on disk of the live replica, and of the newest point, about. */
  bytes: number;
  pointBytes: number;
  /** Entries of the newest point, or of a copy that a stream would replace; zero where there is neither. */
  files: number;
  newestPoint?: Point;
  /** Entries that no sync of this relationship put there. */
  foreign: boolean;
  /** A transfer was cut off here before: part of its data is in place. */
  resuming: boolean;
  /** There is a volume. */
  exists?: boolean;
  /** As `SourcePrepared.states`; and whether somebody changed the replica after the newest of them. */
  states?: HeldState[];
  changed?: boolean;
  /** What it may hold, where it can be made larger than that: then it grows as its source has. */
  growsFrom?: number;
}

export interface PublishResult {
  point: Point;
  points: KeptPoint[];
  /** What retention no longer keeps, and could not be removed. */
  warning?: string;
  /** See `VolumeDriver.prunedAt`. */
  prunedAt?: Instant;
  /** It is time for `examine`. */
  isExaminationDue?: true;
}

/** What a tree, or a part of one, holds. */
export interface Content {
  entries: number;
  /** Of regular files, as long as they are. */
  bytes: number;
  /** The youngest time of modification; none where there is nothing. */
  newestChange?: Instant;
}

/** Where a restore lands. */
export interface RestoreDestination {
  opened?: Opened;
  /** Without symlinks. */
  root: string;
  /** What is there and would be replaced. */
  found: Content;
  /** Of one item: its folder in the point whose counterpart is there already, and the path from it. */
  base?: string;
  item?: string;
}

/** A look into the recovery points of a volume, whoever's it is now. */
export interface LookAt<Request> {
  volume: Volume;
  relationship: string;
  request: Request;
}

/** Run by a host's agent, on queue `host/<name>`. */
export interface HostActivities {
  /** At `apply`: what is wrong with this endpoint; empty when nothing is. Changes nothing. */
  inspectEndpoint(input: {
    relationship: string;
    role: 'source' | 'target';
    endpoint: SourceSpec | TargetSpec;
    /** See `Volume.near`. */
    near?: Volume['near'];
    /** See `Volume.door`. */
    door?: Volume['door'];
    /** The primary, as `host:path`. */
    copyOf: string;
    /** Left out by workflows of before. */
    mover?: MoverSpec;
    hooks: HookSpec[];
    /** Of a failover, a relocation or a drill: what is wrong with these is warned of. Left out by workflows of before. */
    laterHooks?: HookSpec[];
    /** What else the document names, on any host: several may be one machine. */
    beside?: { role: 'source' | 'target'; endpoint: SourceSpec | TargetSpec }[];
  }): Promise<{ inspection: Inspection; problems: string[]; warnings: string[] }>;
  /** Answers at once: the agent is there. */
  ping(): Promise<void>;
  prepareSource(
    input: StepContext & {
      source: SourceSpec;
      mover: MoverSpec;
      /** `mover`: of those that are not sent to by the relationship's. */
      targets: { name: string; host: string; mover?: MoverSpec }[];
      /** A capture is needed for hooks even where the live volume is read. */
      hooks: { beforeCapture: HookSpec[]; afterCapture: HookSpec[] };
      /** A volume that was replaced on purpose is accepted. */
      approved: boolean;
    },
  ): Promise<SourcePrepared>;
  prepareTarget(
    input: StepContext & {
      target: TargetSpec;
      mover: MoverSpec;
      /** The primary, as `host:path`. */
      copyOf: string;
      approved: boolean;
    },
  ): Promise<TargetPrepared>;
  capture(
    input: StepContext & {
      source: SourceSpec;
      mover: MoverSpec;
      hooks: { beforeCapture: HookSpec[]; afterCapture: HookSpec[] };
    },
  ): Promise<Capture>;
  /** A landing lives so long by the target's own clock, which need not agree with any other. */
  receive(
    input: StepContext & {
      id: TransferId;
      offer: Offer;
      writeMode: WriteMode;
      stream?: StreamPlan;
      mover: MoverSpec;
      landingLifetimeMs: number;
      /** The same number that `transfer` is told: the target enforces it, the source explains it. */
      maxDeletions?: number;
      maxDeletionsPercent?: number;
      /** What the volume is made like where it is missing. */
      source?: VolumeShape;
    },
  ): Promise<Opened>;
  transfer(
    input: StepContext & {
      id: TransferId;
      capture: Capture;
      /** One file or folder alone, and the folder of the capture that it is named from. */
      item?: string;
      base?: string;
      opened: Opened;
      writeMode: WriteMode;
      stream?: StreamPlan;
      mover: MoverSpec;
      /** Of the source's own offer. */
      told: Told;
      maxDeletions?: number;
      maxDeletionsPercent?: number;
      targetEntries?: number;
      expectedBytes: { disk: number; files: number };
      /** A sync, and the one that made the target's newest point; left out of a restore. */
      since?: { confirmed?: string };
      /** No other target of this sync reads the capture: it is released once the bytes are over. */
      releaseAfter: boolean;
    },
  ): Promise<{
    stats: TransferStats;
    attempt: number;
    /** Of what somebody else has pushed: when that was whole. */
    capturedAt?: Instant;
  }>;
  /** Closes the landing, freezes the point, runs hooks after publish, applies retention. */
  publish(
    input: StepContext & {
      id: TransferId;
      mover: MoverSpec;
      method: PointMethod;
      capturedAt: Instant;
      sequence: number;
      stats: TransferStats;
      /** What of the source the target's copy does not hold. */
      leftOut?: LeftOut[];
      /** How the bytes came, and the identity of what was sent: see `VolumeDriver.publish`. */
      stream?: StreamPlan;
      identity?: string;
      retain: RetainSpec;
      hooks: HookSpec[];
    },
  ): Promise<PublishResult>;
  /**
   * Target, after a publish that asks for it: reads back a part of what it keeps.
   * @throws VerificationFailed where it is damaged
   */
  examine(input: StepContext): Promise<void>;
  /** Target: removes what retention no longer keeps, before a sync, where it is full. Answers how many points went. */
  makeRoom(input: StepContext & { retain: RetainSpec }): Promise<{ removed: number; warning?: string }>;
  /**
   * Undo of `receive`, on the target's host; and of an offer, on the source's, which answers how far a transfer had
   * come that did not end by itself. `volumes`: of this host, from or to which it was.
   * @param input.target of this host, where its only copy was sent to: whether that is of two states now is answered, where it
   *   can be known
   * @param input.untouched of that copy: the transfer was refused before it wrote anything
   */
  closeTransfer(input: {
    id: TransferId;
    volumes?: Volume[];
    target?: Volume;
    untouched?: true;
  }): Promise<{ reachedBytes?: number; torn?: boolean }>;
  /** Source: drops captures that no target needs any more. */
  release(input: StepContext & { keepSyncIds: string[] }): Promise<void>;
  /** What a target that is full lacks: for the text of `TargetFull`. */
  measureShortage(input: { volume: Volume; growth: Growth }): Promise<Shortage>;
  /** Source: compares a recovery point with the source's copy. */
  verify(
    input: StepContext & {
      id: TransferId;
      capture: Capture;
      /** As of `transfer`. */
      item?: string;
      base?: string;
      opened: Opened;
      mover: MoverSpec;
      capturedAt: Instant;
      /** The sync that made the point; a workflow of an earlier version does not tell. */
      pointSyncId?: string;
      /** Of the point. */
      identity: string;
      /** By size and time, not by checksum. */
      quick: boolean;
      /** Whose the point is; a workflow of an earlier version does not tell. */
      holder?: { volume: Volume; pointId: string };
    },
  ): Promise<Comparison>;
  /** Target: opens a landing that only reads a recovery point. */
  receiveVerify(
    input: StepContext & {
      id: TransferId;
      offer: Offer;
      mover: MoverSpec;
      pointId?: string;
      landingLifetimeMs: number;
    },
  ): Promise<{ opened: Opened; point: Point }>;
  offerVerify(input: StepContext & { id: TransferId; mover: MoverSpec; quick: boolean }): Promise<Offer>;
  /** Null: it was found to be damaged. */
  markVerified(input: StepContext & { pointId: string; at: Instant | null }): Promise<void>;
  /** Holder of a point, as the source of a restore: makes the offer and says where the point lies. */
  offerRestore(
    input: StepContext & {
      id: TransferId;
      /** What the holder is called as a target. */
      holder: string;
      pointId: string;
      /** One file or folder of the point alone. */
      part?: string;
      targetHost: string;
      mover: MoverSpec;
      /** Only compared, by a landing that reads. */
      dryRun: boolean;
    },
  ): Promise<{
    offer: Offer;
    point: Point;
    content: Content;
    /** What the content takes on a disk, at the least: holes and further names of a file take nothing. */
    leastBytes: number;
    capture: Capture;
    /** The only copy was written to since it was a point, by a transfer that has not ended well. */
    broken: boolean;
    /** What the holder's volume is like, where it has a size of its own. */
    shape?: VolumeShape;
  }>;
  /**
   * Destination of a restore: checks the folder, or the claim of a cluster, and opens a landing; none where nothing would be replaced by what
   * is only a dry run. @throws Fenced, InvalidSpec, Diverged, TargetFull, before anything is changed
   */
  receiveRestore(input: {
    id: TransferId;
    path: string;
    part?: string;
    overwrite: boolean;
    dryRun: boolean;
    offer: Offer;
    mover: MoverSpec;
    landingLifetimeMs: number;
    /** What it brings takes on a disk, at the least. */
    leastBytes: number;
    /** Of a claim: what the point's own is like, and how that is reached. */
    source?: VolumeShape;
    like?: VolumeOptionValues;
  }): Promise<RestoreDestination>;
  /** Target: its recovery points; and whether its only copy was cut off in a transfer. */
  listPoints(input: StepContext & { target: string }): Promise<{ points: Point[]; broken: boolean }>;
  /** What others keep at a store, as far as it is told at once: by any host that can read it. */
  listOthers(
    input: { volume: Volume; relationship: string } & Pick<OthersRequest, 'limit' | 'before'>,
  ): Promise<OthersPage>;
  /** What a recovery point holds, or a folder of it. Changes nothing, and keeps the point while it is read. */
  listPoint(input: LookAt<ListPointRequest>): Promise<PointListing>;
  /** Which points hold what fits a pattern, and in which versions. */
  findInPoints(input: LookAt<FindRequest>): Promise<FoundVersions>;
  /** What changed between two points, or since one. */
  diffPoints(input: LookAt<DiffPointsRequest>): Promise<PointsDiff>;
  /** Runs programs that the agent allows, in order. @throws HookFailed */
  runHooks(input: StepContext & { hooks: HookSpec[]; pointId?: string; path?: string }): Promise<void>;
  /** Source, before a relocation: ends what writes to the volume, as far as its kind knows how; and undoes that. */
  quiesce(input: StepContext): Promise<void>;
  unquiesce(input: StepContext): Promise<void>;
  /**
   * The volume is no longer the primary: stores the later epoch, ends transfers from and into it, and makes
   * it read-only to its users where it can. `targets`: names that landings may have been opened under.
   */
  fence(input: StepContext & { targets: string[] }): Promise<Demoted>;
  /** Target: takes the claim's epoch, ends transfers into it, and puts the replica back to a point. */
  rollback(input: StepContext & { targets: string[]; pointId?: string }): Promise<void>;
  /** The volume becomes the primary of the claim's epoch. */
  promote(input: StepContext): Promise<void>;
  /**
   * Old primary: keeps what it has for itself as a recovery point. Idempotent by sync id.
   * @returns null where its storage can keep no second state: a device
   */
  keepDiverged(
    input: StepContext & { target: TargetSpec; sequence: number; capturedAt: Instant },
  ): Promise<Point | null>;
  /** Drill: a writable copy of a recovery point, by default the newest. */
  makeClone(
    input: StepContext & { cloneId: string; pointId?: string },
  ): Promise<{ path: string; how: 'Snapshot' | 'Clone' | 'Copy'; pointId: string }>;
  removeClones(input: StepContext): Promise<void>;
  /** What a spec says now of a source that others fill holds for them from here on, whenever it is read next. */
  settleSource(input: Pick<StepContext, 'volume' | 'claim'>): Promise<void>;
  /**
   * Relationship deleted: forgets claim, captures, landings; data and points stay.
   * @param input.copyOf the primary, as `host:path`: a relationship of the same name with the same primary may go on
   *   with the copy as long as nobody else has claimed it or written to it
   */
  retireEndpoint(input: { volume: Volume; relationship: string; copyOf: string }): Promise<void>;
}
