/** What the steps of one sync know of it. */
import type { StepContext, TargetPrepared } from '../activities/contract';
import type { Actor } from '../model/actor';
import type { Bases } from '../model/bases';
import { volumeIn } from '../model/endpoints';
import type { Failure, Instant, SyncRecord } from '../model/records';
import type { Relationship, TargetSpec } from '../model/spec';
import type { VolumeShape } from '../volumes/contract';

export interface SyncInput {
  document: Relationship;
  epoch: number;
  sequence: number;
  reason: SyncRecord['reason'];
  /** Who asked for it, where somebody did. */
  actor?: Actor;
  /** Names of the targets to sync. */
  targets: string[];
  /** `tidemark approve` was given: guards are passed once. */
  approved: boolean;
  /**
   * By target name, also of targets that this sync leaves out: the sync that it last confirmed. What that sync
   * froze is the base of the next one, and kept for it at the source.
   */
  bases?: Bases;
  /** By target name: when that was frozen. */
  basesCapturedAt?: Readonly<Record<string, Instant>>;
}

/** What one target needs to know of the sync that it is part of. */
export interface SyncContext extends SyncInput {
  syncId: string;
  name: string;
  /** Shows in the Temporal UI what a target is doing. */
  show: (target: string, doing: string) => void;
  /** The primary, as `host:path`, where what is read is no volume of its own but the hub. */
  copyOf?: string;
  /** The primary's, where what is read has no size of its own. */
  shape?: VolumeShape;
  /** Of a hub: what is read has to be captured then, or later. */
  notBefore?: Instant;
}

/** A target, or why it can't be synced this time. */
export type Prepared =
  { target: TargetSpec; prepared: TargetPrepared } | { target: TargetSpec; failure: Failure };

/** The context of a step at the source. */
export function atSource(ctx: SyncContext): StepContext {
  const { source } = ctx.document.spec;
  return {
    volume: volumeIn(ctx.document, source),
    claim: { relationship: ctx.name, epoch: ctx.epoch, role: 'source' },
    syncId: ctx.syncId,
  };
}

/** The context of a step at a target. */
export function atTarget(ctx: SyncContext, target: TargetSpec): StepContext {
  return {
    volume: volumeIn(ctx.document, target),
    claim: { relationship: ctx.name, epoch: ctx.epoch, role: 'target' },
    syncId: ctx.syncId,
  };
}
