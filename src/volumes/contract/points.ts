/** Recovery points of a replica, and what is made of them. */
import type { Filters, Instant, Point, PointMethod, Volume, Written } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { LeftOut } from '../../model/left-out';
import type { OtherState } from '../../model/others';
import type { Entry } from '../../model/point-content';
import type { StreamPlan } from '../../model/plan-stream';
import type { Reach } from '../../movers/reach';
import type { Differing, Missing, Omitted, TransferId } from '../../movers/contract';

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

/** A writable copy of a recovery point, for a drill. */
export interface Clone {
  /** Where a service finds it: an absolute path; for images the name of the store. */
  path: string;
  /** `Copy` where the filesystem can share nothing: as long and as large as the point. */
  how: 'Snapshot' | 'Clone' | 'Copy';
}

/** When a landing of this target was open, by the host's own clock. In seconds. */
export interface WriteWindow {
  openedAt: number;
  /** Undefined where nobody noted it: the agent was killed. */
  closedAt?: number;
}

/** What others wrote to a replica since its newest point is asked for with this. */
export interface SincePoint {
  relationship: string;
  /** Of transfers since that point that were cut off: what changed while one was open it brought. */
  landings: readonly WriteWindow[];
  signal?: AbortSignal;
}

/** What is asked of `publish`. */
export interface PublishRequest {
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
}

/** What is asked of `findOmitted`. */
export interface OmittedRequest {
  relationship: string;
  pointId: string;
  /** To the source, as it is now. */
  source: Reach;
  missing: readonly Missing[];
  /** What the point has, and otherwise than the source. */
  differing?: readonly Differing[];
  /** Whose reach the point was opened by. */
  use: TransferId;
}

/** What is asked of `listContent`. */
export interface ListRequest {
  relationship: string;
  pointId: string;
  /** A path in the point; by default all of it. More than was asked for may be told. */
  folder?: string;
  /** With all that is in the folders. */
  deep: boolean;
  signal?: AbortSignal;
}

export interface Points {
  /** The whole recovery points, oldest first by sequence; never a half-made one. */
  points(host: Host, volume: Volume, relationship: string): Promise<Point[]>;

  /**
   * A state that others keep at the same place, by a name that says whose it is: `restic:1a2b3c4d`. It is reached as a point
   * is, and nothing else is done with it. Left out by kinds where others keep none.
   * @param relationship who asks
   * @throws PointMissing
   */
  findOther?(host: Host, volume: Volume, relationship: string, name: string): Promise<Point>;

  /** All of these, in any order, but for what is the relationship's own. Changes nothing. Left out by the same kinds. */
  listOthers?(host: Host, volume: Volume, relationship: string): Promise<OtherState[]>;

  /**
   * What a recovery point holds, in any order, but for its root; where that can be told without bringing it to where its files
   * can be read, or it has none. Left out by kinds whose points are trees by their `reach`.
   * @throws PointMissing
   */
  listContent?(
    host: Host,
    volume: Volume,
    request: ListRequest,
    onEntry: (entry: Entry) => void,
  ): Promise<void>;

  /**
   * Freezes the live replica as a recovery point. All or nothing; a second call with one point id
   * answers the point that is there. A state that is proven to be that of the newest point may
   * share its tree. `Direct` freezes nothing and only notes the stamp, as the one point there is.
   */
  publish(host: Host, volume: Volume, request: PublishRequest): Promise<Point>;

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
   * While a point is compared with its source, which the same host holds: of what the point lacks, what its own tool was to
   * leave out when it was made, and of what differs, what it could not keep. Left out by kinds whose mover says all that is
   * left out.
   */
  findOmitted?(host: Host, volume: Volume, request: OmittedRequest): Promise<Omitted>;

  /**
   * Right before a transfer that compares files by size and time: what others wrote to the live replica since its newest
   * point. Writes nothing. Left out by kinds whose storage proves a state by its identity.
   */
  listWritten?(host: Host, volume: Volume, request: SincePoint): Promise<Written>;

  /**
   * True where others wrote anything to the live replica since its newest point: files, folders, links, deletions.
   * Writes nothing. Left out by kinds whose storage proves a state by its identity.
   */
  wasWritten?(host: Host, volume: Volume, request: SincePoint): Promise<boolean>;

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

  /**
   * Whether it is time to examine what is kept, by the options of the volume. Left out by kinds that are never examined.
   */
  isExaminationDue?(host: Host, volume: Volume): Promise<boolean>;

  /**
   * Examines what is kept, or a part of it, by reading it back: may take hours. What was found damaged is told again until it
   * is mended.
   * @throws TidemarkError `VerificationFailed` where it is damaged; anything else where that could not be found out
   */
  examine?(host: Host, volume: Volume, signal: AbortSignal): Promise<void>;

  /** Of kinds that remove from time to time what no point needs: when that was last done. Undefined: not yet. */
  prunedAt?(host: Host, volume: Volume): Promise<Instant | undefined>;

  /**
   * Removes points, and half-made left-overs. Unknown ids are not an error.
   * @param request.later nobody waits for the room: what takes long may go on after this has returned. Whoever asks this
   *   driver is not shown it any more; what fails is tried again by the next call, which then tells of it
   */
  prune(
    host: Host,
    volume: Volume,
    request: {
      relationship: string;
      removePointIds: readonly string[];
      signal?: AbortSignal;
      later?: boolean;
    },
  ): Promise<void>;
}
