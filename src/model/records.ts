/**
 * The data that crosses between workflow, activities, drivers and catalog. Plain JSON: everything
 * here may stand in a Temporal history, so nothing here is secret.
 */
import type { Actor } from './actor';
import type { ErrorDetails, ErrorType } from './errors';
import type { VolumeKind, VolumeOptionValues } from './kinds';
import type { Filters } from './movers/filters';
import type { LeftOut } from './left-out';

export type { Filters };

/** An instant, ISO 8601 in UTC. */
export type Instant = string;

/** A volume as drivers know it: its kind, and where it is on its host. */
export interface Volume {
  kind: VolumeKind;
  /**
   * `directory`, `btrfs`, `block`: an absolute path on the host. `zfs`: the dataset (`tank/wiki`). `image`: the
   * engine, or engine and storage root (`podman`, `podman:/srv/images`).
   */
  path: string;
  /** What the spec says about it besides, by the keys that its kind declares. */
  options?: VolumeOptionValues;
  /**
   * Of a kind without a host of its own, where its host is a cluster: the claim that it is worked with for. Credentials are
   * Secrets of that claim's namespace, and the tools run in pods there.
   */
  near?: Pick<Volume, 'path' | 'options'>;
  /** Of a claim into which somebody else pushes: the Service that leads to the pod which has it. */
  door?: string;
}

/** How the source's point-in-time copy is made. */
export type CaptureMethod = 'Direct' | 'Snapshot' | 'Clone';

/** How a target freezes its recovery points; `Direct` keeps none. */
export type PointMethod = 'Direct' | 'Snapshot' | 'Clone' | 'HardLink';

export type Role = 'source' | 'target';

/** Who owns a volume: stored with the data, checked before every change. */
export interface Claim {
  relationship: string;
  epoch: number;
  role: Role;
}

/** What others wrote to a replica since its newest point. */
export interface Written {
  /** Files whose content a transfer has to compare, as `./a/b`, a byte a character. */
  files: string[];
  /** There is no name in the replica that its newest point has not. False where that is not known. */
  hasNoNewNames: boolean;
}

/**
 * A frozen state that one side holds and that an incremental transfer can start from, whoever made it.
 * For kinds whose storage names states by identity; directories have none.
 */
export interface HeldState {
  /** Proves two states equal, never a name: ZFS guid, btrfs UUID (at a target the received one), digest. */
  identity: string;
  /** What the tool calls it on this side: `tank/wiki@…`, a path. */
  name: string;
  createdAt: Instant;
  /** `bookmark`: can only be sent from. */
  kind: 'snapshot' | 'bookmark';
  /** Made by this relationship, or of ZFS by any of Tidemark's: no divergence. What others made is never destroyed. */
  ours: boolean;
  /** The sync that made it, where it is ours. */
  syncId?: string;
  /** What keeping it costs on this side, about, where the storage can tell. */
  bytes?: number;
  /** It lies by itself: whatever takes the replica's place leaves it as it is. */
  apart?: true;
  /** Made by comparing files: it has no identity that another side could hold too. */
  delta?: true;
}

/** A recovery point as its target holds it. */
export interface Point {
  id: string;
  syncId: string;
  /** Grows with each sync of the relationship; orders points even when clocks jump. */
  sequence: number;
  capturedAt: Instant;
  publishedAt: Instant;
  method: PointMethod;
  /** Proves two states equal; points of one unchanged state share it. */
  identity: string;
  /** Regular-file bytes in the tree, as the mover counted them. */
  bytes: number;
  /** Entries in the tree, as the mover counted them. */
  files: number;
  /** When contents and metadata were last found equal to the source's copy. */
  verifiedAt?: Instant;
  /** Set where the point keeps what an old primary had for itself: retention never takes it. */
  diverged?: true;
  /** Made by comparing files, and so of an identity that the source never had. */
  delta?: true;
  /** What of the source it does not hold. */
  leftOut?: LeftOut[];
  /** What the spec excluded when it was made. */
  filters?: Filters;
}

/** What a running transfer has done so far; sent with heartbeats. */
export interface Progress {
  phase: 'scanning' | 'transferring' | 'finishing' | 'comparing' | 'waiting';
  bytesDone: number;
  /** Of what has to be sent, where it is known already. */
  bytesTotal?: number;
  filesDone: number;
  filesTotal?: number;
  percent?: number;
  rateBytesPerSecond: number;
  etaSeconds?: number;
}

/** What a transfer did. */
export interface TransferStats {
  /** Bytes on the wire, both directions, as the mover counted them. */
  bytesSent: number;
  /** Bytes of file data that differed and were written. */
  bytesChanged: number;
  /** Entries created, changed or deleted at the target; 0 means the target was equal already. */
  filesChanged: number;
  filesDeleted: number;
  /** Of the whole tree at the target, now. */
  totalBytes: number;
  totalFiles: number;
  durationMs: number;
  /** Files that vanished at a live source during the transfer: not a failure. */
  filesVanished: number;
  /** What of the source was not carried. */
  leftOut?: LeftOut[];
}

/** One difference between a recovery point and the source's copy. */
export interface Difference {
  /** Path inside the volume; bytes that are not UTF-8 are shown as `\#ooo`, as rsync prints them. */
  path: string;
  /** What differs: `content`, `size`, `time`, `permissions`, `owner`, `group`, `acl`, `xattr`, `missing`, `extra`, `type`. */
  what: string[];
  /** True where the source changed after the point was captured: expected, not damage. */
  changedSince: boolean;
}

/** What comparing a recovery point with a volume has found. */
export interface Comparison {
  /** Those that nothing explains first; at most 1,000. */
  differences: Difference[];
  total: number;
  /** How many are not explained by what the volume changed since the capture: damage. */
  unexplained: number;
  /** Of all differences, how many are entries that the volume has not; told by movers of files. */
  extra?: number;
  /** Bytes of the volume's files whose content the point has not, as long as they are. */
  bytes: number;
  /** What was not compared, because it is not carried. */
  leftOut?: LeftOut[];
}

/** Why an operation, or one target of it, failed. */
export interface Failure extends ErrorDetails {
  type: ErrorType | 'Unknown' | 'Cancelled';
  message: string;
}

/** How one target fared in one sync. */
export interface TargetOutcome {
  name: string;
  host: string;
  result: 'succeeded' | 'failed' | 'cancelled';
  how?: string;
  stats?: TransferStats;
  /**
   * Bytes of files, or of the stream, that a transfer had gone through when it ended without success: at most that many were
   * sent. Absent where its agent can't say.
   */
  reachedBytes?: number;
  /** See `TargetStatus.torn`. */
  torn?: true;
  /** Transfer attempts, the successful one included. */
  attempts: number;
  point?: Point;
  /** All points at the target after pruning, with the reasons for which each is kept. */
  points?: KeptPoint[];
  failure?: Failure;
  /** What is wrong there though the sync succeeded: old points that could not be removed. */
  warning?: string;
  /** When what no point needs was last removed there, of kinds that do that from time to time. */
  prunedAt?: Instant;
  /** What of the source this target's copy does not hold. */
  leftOut?: LeftOut[];
}

/** A point and why retention keeps it, for example `["last 1", "hourly 3"]`. */
export interface KeptPoint extends Point {
  keptBecause: string[];
}

/** A target that the source keeps nothing for any more: it was away for too long, or kept too much. */
export interface GivenUp {
  target: string;
  /** The sync that it last confirmed. */
  syncId: string;
  /** For people: which target, why, and what comes of it. */
  text: string;
}

/** One finished sync, as the catalog keeps it. */
export interface SyncRecord {
  syncId: string;
  relationship: string;
  sequence: number;
  reason:
    | 'created'
    | 'schedule'
    | 'request'
    | 'retry'
    | 'changed'
    | 'approved'
    | 'relocation'
    | 'reversed'
    | 'switched';
  /** Who asked for it, where somebody did. */
  actor?: Actor;
  startedAt: Instant;
  capturedAt?: Instant;
  endedAt: Instant;
  result: 'succeeded' | 'partial' | 'failed' | 'cancelled';
  targets: TargetOutcome[];
  /** Targets whose base the source keeps no longer, and why. */
  givenUp?: GivenUp[];
  failure?: Failure;
  workflowId: string;
  runId: string;
}
