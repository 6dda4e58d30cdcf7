/**
 * The volume contract: what every kind of volume promises. One folder per kind, one line in
 * `registry.ts`, and the conformance suite in `test/conformance` for all.
 *
 * Every method may be called again after it was cut off at any moment, and then finishes or redoes
 * the work: a killed agent leaves nothing that the next call can't mend. Errors are `TidemarkError`s.
 */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import type { Mover } from '../../movers/contract';
import type { Freezer } from './freezer';
import type { HookJobs } from './hook-jobs';
import type { Points } from './points';
import type { Switch } from './switch';
import type { VolumeKeeper } from './volume';

export type { CaptureRequest, State } from './freezer';
export type {
  Clone,
  ListRequest,
  OmittedRequest,
  PointStamp,
  PublishRequest,
  SincePoint,
  WriteWindow,
} from './points';
export type { HookJobs, JobRequest } from './hook-jobs';
export type { Demoted } from './switch';
export type { DiskUse, Inspection, Released, VolumeShape, VolumeSize } from './volume';

/**
 * What a kind can do. `host` is the agent's own, in whose state folder a kind keeps its notes; where its data is, is the
 * kind's own knowledge, and it tells by a `Reach` alone.
 */
export interface VolumeDriver extends VolumeKeeper, Freezer, Points, Switch {
  readonly kind: Volume['kind'];
  /** Left out by kinds that have none. */
  readonly hookJobs?: HookJobs;
}

/**
 * What a kind of volume brings: how its volumes are handled, and its own way of sending them, where it has one. Made once
 * for each agent, so that a driver may hold what it is to talk to: a cluster's client, for example. Undefined where the
 * agent's host can have no such volumes.
 */
export type KindImplementation = (agent: Host) => Implementation | undefined;

/** What has become of a volume of a relationship while its agent was away. */
export type Whereabouts =
  /** Its spec names it; `isIdle`: nothing of the relationship runs. */
  | { is: 'named'; volume: Volume; isIdle: boolean }
  /** Its spec names it no more. */
  | { is: 'dropped' }
  /** The relationship was deleted. */
  | { is: 'deleted' }
  /** Nobody has heard of the relationship. */
  | { is: 'unheard-of' };

/** What a kind tells its agent as it happens, and asks it. */
export interface AgentNews {
  /** Somebody else has brought what a relationship is to copy. It is told until it is heard. */
  syncIsDue(relationship: string): void;
  /**
   * What a relationship says of its volume of this id on this host. Asked until there is an answer.
   * @returns undefined where the agent ended before
   */
  findVolume(relationship: string, path: string): Promise<Whereabouts | undefined>;
}

export interface Implementation {
  driver: VolumeDriver;
  mover?: Mover;
  /** The agent starts: removes what a former life of it has left running, and opens what it had open. */
  start?: (news: AgentNews) => Promise<void>;
  /** The agent ends: removes what is kept for whoever may come next. */
  stop?: () => Promise<void>;
}
