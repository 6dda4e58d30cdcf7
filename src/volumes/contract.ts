/**
 * The volume contract: what every kind of volume promises. One folder per kind, one line in
 * `registry.ts`, and the conformance suite in `test/conformance` for all.
 *
 * Every method may be called again after it was cut off at any moment, and then finishes or redoes
 * the work: a killed agent leaves nothing that the next call can't mend. Errors are `TidemarkError`s.
 */
import type { Host } from '../hosts/contract';
import type { Capture } from '../model/capture';
import type { Keeps } from '../model/keeps';
import type { LeftOut } from '../model/left-out';
import type { StreamPlan } from '../model/plan-stream';
import type {
  CaptureMethod,
  Claim,
  Filters,
  HeldState,
  Instant,
  Point,
  PointMethod,
  Volume,
} from '../model/records';
import type { Quota, Room } from '../model/room';
import type { MoverSpec } from '../model/spec';
import type { Mover, TransferId } from '../movers/contract';
import type { Reach } from '../movers/reach';

/** What a volume is, and what can be done with it on this very filesystem. */
export interface Inspection extends Room {
  exists: boolean;
  /** Filesystem type as the kernel names it: `btrfs`, `xfs`, `ext4`, `tmpfs`. */
  filesystem: string;
  mountPoint: string;
  /** No entry but Tidemark's own and `lost+found`. */
  empty: boolean;
  /** Multiply linked regular files exist (see `planTransfer`). */
  hasHardLinks: boolean;
  capture: CaptureMethod[];
  points: PointMethod[];
  /** For each method that is not offered, why, and the alternative. */
  whyNot: Partial<Record<CaptureMethod | PointMethod, string>>;
  claim?: Claim;
  /** Whose copy it was, where nobody has claimed it since. */
  released?: Released;
  /** Of btrfs: the subvolumes inside of it, which are volumes of their own. By their paths in it. */
  innerVolumes?: string[];
}

/** A target that its relationship has released. */
export interface Released {
  relationship: string;
  epoch: number;
  /** The primary then, as `host:path`. */
  copyOf: string;
}

/** When a landing of this target was open, by the host's own clock. In seconds. */
export interface WriteWindow {
  openedAt: number;
  /** Undefined where nobody noted it: the agent was killed. */
  closedAt?: number;
}

/** What `publish` stamps on a new recovery point. */
export interface PointStamp {
  id: string;
  syncId: string;
  sequence: number;
  capturedAt: Instant;
  publishedAt: Instant;
  bytes: number;
  files: number;
  /** The point keeps what an old primary had for itself, before it was brought back into step. */
  diverged?: true;
  /** What of the source it does not hold. */
  leftOut?: LeftOut[];
  /** What the spec excluded. */
  filters?: Filters;
}

/** What a volume holds. */
export interface VolumeSize {
  /** Bytes as long as its files are. */
  fileBytes: number;
  /** Entries, the volume itself included; 0 for kinds that can't count them cheaply. */
  entries: number;
}

/** A writable copy of a recovery point, for a drill. */
export interface Clone {
  /** Where a service finds it: an absolute path; for images the name of the store. */
  path: string;
  /** `Copy` where the filesystem can share nothing: as long and as large as the point. */
  how: 'Snapshot' | 'Clone' | 'Copy';
}

/** What others wrote to a replica since its newest point is asked for with this. */
export interface SincePoint {
  relationship: string;
  /** Of transfers since that point that were cut off: what changed while one was open it brought. */
  landings: readonly WriteWindow[];
  signal?: AbortSignal;
}

/** What of a volume is to be reached. */
export type State =
  | { of: 'live' }
  | { of: 'capture'; capture: Capture }
  | { of: 'point'; relationship: string; pointId: string };

/**
 * What a kind can do. `host` is the agent's own, in whose state folder a kind keeps its notes; where its data is, is the
 * kind's own knowledge, and it tells by a {@link Reach} alone.
 */
export interface VolumeDriver {
  readonly kind: Volume['kind'];

  /**
   * Looks, changes nothing.
   * @param hardLinks also look for multiply linked files: reads the whole tree.
   */
  inspect(host: Host, volume: Volume, options?: { hardLinks?: boolean }): Promise<Inspection>;

  /**
   * Guards of DESIGN.md, before anything is changed: present, mounted where it must be, not a system
   * folder, not lost since it was last seen here, claimed by nobody else.
   * @throws VolumeMissing, NotMounted, Fenced (an older epoch than the stored one, or another
   * relationship's volume), InvalidSpec (system folder).
   * @param options.approved a user approved what is there now: a volume that was replaced is taken as new.
   */
  check(host: Host, volume: Volume, claim: Claim, options?: { approved?: boolean }): Promise<void>;

  /** `check`, then stores the claim with the data, making a missing target volume. Idempotent. */
  claim(host: Host, volume: Volume, claim: Claim, options?: { approved?: boolean }): Promise<void>;

  /**
   * Forgets the claim (relationship deleted); data and recovery points stay. Idempotent.
   * @param copyOf the primary, as `host:path`: a target notes it (see `Inspection.released`), until it is claimed
   */
  disclaim(host: Host, volume: Volume, relationship: string, copyOf?: string): Promise<void>;

  /** Freezes the source. A second call with one sync id answers the same capture. @throws UnsupportedCapture */
  capture(
    host: Host,
    volume: Volume,
    request: {
      relationship: string;
      syncId: string;
      method: CaptureMethod;
      /** Whose options may say what of the volume is frozen: the datasets below it, some of the images. */
      mover?: MoverSpec;
      signal?: AbortSignal;
    },
  ): Promise<Capture>;

  /**
   * The frozen states that an incremental transfer may start from, oldest first: this relationship's, and
   * whatever users and other tools made. None for kinds without identities.
   */
  states(host: Host, volume: Volume, relationship: string): Promise<HeldState[]>;

  /**
   * The live replica differs from its newest state: somebody changed it. Always false for kinds without
   * identities.
   */
  isChanged(host: Host, volume: Volume, relationship: string): Promise<boolean>;

  /** Bytes on disk of the live volume; zero where there is none. Part of every sync: as cheap as it can be. */
  diskBytes(host: Host, volume: Volume): Promise<number>;

  /** What the live volume holds, counted: may read the whole tree. All zero where there is none. */
  size(host: Host, volume: Volume): Promise<VolumeSize>;

  /** Removes every capture of the relationship but those of the sync ids to keep; a base in use is kept by its id. */
  release(
    host: Host,
    volume: Volume,
    request: { relationship: string; keepSyncIds: readonly string[] },
  ): Promise<void>;

  /**
   * What of a file can be kept here, found out by a trial on the very filesystem; undefined where nothing can be
   * tried. Left out by kinds whose storage keeps whatever it is sent.
   */
  keeps?(host: Host, volume: Volume): Promise<Keeps | undefined>;

  /**
   * Right before a transfer that compares files by size and time: the files of the live replica that others wrote to
   * since its newest point, as `./a/b`, a byte a character; the transfer compares their content. Writes nothing. Left
   * out by kinds whose storage proves a state by its identity.
   */
  listWritten?(host: Host, volume: Volume, request: SincePoint): Promise<string[]>;

  /**
   * True where others wrote anything to the live replica since its newest point: files, folders, links, deletions.
   * Writes nothing. Left out by kinds whose storage proves a state by its identity.
   */
  wasWritten?(host: Host, volume: Volume, request: SincePoint): Promise<boolean>;

  /**
   * The quota that leaves the volume less than its filesystem or pool has free; undefined where none does. Left out by
   * kinds whose storage has no quotas that can be asked for.
   */
  quota?(host: Host, volume: Volume): Promise<Quota | undefined>;

  /**
   * A way to a state, open until it is let go of: to read a capture or a point, or to write to the live replica. Makes the
   * state readable where that takes a mount, and brings up what reaches it where the agent's own host does not. A second
   * call for the same state and use takes the place of the first: its agent was killed. A transfer may have two states of
   * one volume open: a primary is compared with a recovery point of its own.
   * @throws PointMissing where there is no such point; VolumeMissing where a capture is gone
   */
  reach(host: Host, volume: Volume, state: State, use: TransferId): Promise<Reach>;

  /**
   * Ends what ways to this volume were left open, where the agent that opened them was killed. Nothing there is not an
   * error. Left out by kinds of which nothing is open.
   * @param use without `syncId`, whichever sync it was for
   */
  leave?(host: Host, volume: Volume, use: Omit<TransferId, 'syncId'> & { syncId?: string }): Promise<void>;

  /** The whole recovery points, oldest first by sequence; never a half-made one. */
  points(host: Host, volume: Volume, relationship: string): Promise<Point[]>;

  /**
   * Freezes the live replica as a recovery point. All or nothing; a second call with one point id
   * answers the point that is there. A state that is proven to be that of the newest point may
   * share its tree. `Direct` freezes nothing and only notes the stamp, as the one point there is.
   */
  publish(
    host: Host,
    volume: Volume,
    request: {
      relationship: string;
      stamp: PointStamp;
      method: PointMethod;
      /**
       * How the bytes came, and the identity of the state that was sent: what was received must have it, and
       * a side volume takes the replica's place now. Left out for rsync, and where an old primary's own
       * state is kept.
       */
      stream?: StreamPlan;
      identity?: string;
      signal?: AbortSignal;
    },
  ): Promise<Point>;

  /**
   * Notes on a point that it was verified; or with null that it was found to be damaged: then it was never verified, and
   * nothing that the next point would share with it is taken for granted.
   */
  markVerified(
    host: Host,
    volume: Volume,
    relationship: string,
    pointId: string,
    at: Instant | null,
  ): Promise<void>;

  /**
   * Makes the live replica equal to a recovery point, with all metadata; the point is only read. Cut off
   * in the middle, it leaves every point as it was. Of a `Direct` point the replica is all there is.
   */
  rollback(
    host: Host,
    volume: Volume,
    request: { relationship: string; pointId: string; signal?: AbortSignal },
  ): Promise<void>;

  /**
   * The volume becomes the primary of `claim.epoch` (role `source`): stores the claim, and lets its users
   * write again where `demote` had stopped them. Idempotent. @throws Fenced, VolumeMissing, NotMounted
   */
  promote(host: Host, volume: Volume, claim: Claim): Promise<void>;

  /**
   * The volume gives up being the primary (role `target`, a later epoch): stores the claim, and makes the
   * volume read-only to its users where its storage can; `claim` as a target ends that. Idempotent.
   * @throws Fenced, VolumeMissing, NotMounted
   */
  demote(host: Host, volume: Volume, claim: Claim): Promise<{ readOnly: boolean; whyNot?: string }>;

  /**
   * A writable copy of a recovery point, beside it; a second call with one clone id answers what is there.
   * The point can't be pruned while it is being copied, and is never written to.
   */
  clone(
    host: Host,
    volume: Volume,
    request: { relationship: string; pointId: string; cloneId: string; signal?: AbortSignal },
  ): Promise<Clone>;

  /** Removes every clone of the relationship, half-made ones too, but those to keep. */
  removeClones(
    host: Host,
    volume: Volume,
    request: { relationship: string; keepCloneIds: readonly string[] },
  ): Promise<void>;

  /** Removes points, and half-made left-overs. Unknown ids are not an error. */
  prune(
    host: Host,
    volume: Volume,
    request: { relationship: string; removePointIds: readonly string[]; signal?: AbortSignal },
  ): Promise<void>;
}

/**
 * What a kind of volume brings: how its volumes are handled, and its own way of sending them, where it has one. Made once
 * for each agent, so that a driver may hold what it is to talk to: a cluster's client, for example.
 */
export type KindImplementation = (agent: Host) => { driver: VolumeDriver; mover?: Mover };
