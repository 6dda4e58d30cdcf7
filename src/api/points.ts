/** Looks into recovery points: what is asked, and what is answered. Of workflows that are started by themselves. */
import type { Change, ChangeCount, Entry, PointRef, Version } from '../model/point-content';
import type { Instant } from '../model/records';
import type { Relationship } from '../model/spec';

export type { Change, ChangeCount, Entry, PointRef, Version } from '../model/point-content';

/** Which of what a relationship keeps. */
interface InTarget {
  /** The target, or the primary, that holds the points; by default the first target. */
  target?: string;
  /** At most so many are told. */
  limit: number;
}

export interface ListPointRequest extends InTarget {
  /** By default the newest; as `latest`. */
  pointId?: string;
  /** A file or folder of the point; by default all of it. */
  path?: string;
  /** With all that is in the folders. */
  deep?: boolean;
  /** Only what comes after this path. */
  after?: string;
}

export interface FindRequest extends InTarget {
  /** As `makeNameMatcher` has it. */
  pattern: string;
  /** Only points that were captured before then. */
  before?: Instant;
}

export interface DiffPointsRequest extends InTarget {
  /** The earlier one. */
  pointId: string;
  /** By default the live replica. */
  otherId?: string;
  path?: string;
  after?: string;
}

/** Who looked, and where. */
export interface Looked {
  relationship: string;
  target: string;
  host: string;
}

/** What is to be known of what was read. */
export interface ReadNotes {
  /** What could not be read, in the tool's own words: there may be more than was seen. */
  unreadable?: string;
  /** A state was read that a sync may have been writing to. */
  isLive?: true;
}

export interface PointListing extends ReadNotes {
  point: PointRef;
  path?: string;
  /** In the order of their paths. */
  entries: Entry[];
  /** How many come after the last of these. */
  more: number;
}

export interface FoundVersions extends ReadNotes {
  /** The points that were looked into, newest first. */
  points: PointRef[];
  /** How many older ones were not, as that took too long. */
  unread: number;
  /** By path, then newest first. */
  versions: Version[];
  /** There are more paths or versions than are told. */
  isCut: boolean;
}

export interface PointsDiff extends ReadNotes {
  before: PointRef;
  /** Null: the live replica. */
  after: PointRef | null;
  path?: string;
  /** By size, time, permissions and owner; where true, by checksums too, which the state itself notes. */
  byDigest: boolean;
  counts: Record<Change['change'], ChangeCount>;
  /** In the order of their paths. */
  changes: Change[];
  /** How many come after the last of these. */
  more: number;
}

export interface LookInput<Request> {
  document: Relationship;
  request: Request;
}
