/**
 * The messages of a relationship: updates, signals of the same names for Temporal's UI and CLI, and
 * queries. Clients import them too, so this file knows nothing but names and types.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Approvals } from '../model/approvals';
import type { LeftOut } from '../model/left-out';

import type { OperationNews } from '../model/operation-news';
import type { OthersRequest } from '../model/others';
import type { Price } from '../model/price';
import type { Difference, Failure, Instant, Point, SyncRecord, TargetOutcome } from '../model/records';
import type { RelationshipState } from '../model/relationship-state';
import type { Labels } from '../model/labels';
import type { Selection } from '../model/selections';
import type { Relationship } from '../model/spec';
import type { ReadBack } from '../model/store-failover';
import type { RelationshipStatus, Takeover } from '../model/status';
import type { ToldState } from '../model/told-state';

/** Failure `type` of an update that the present state does not allow; exit code 3 of the CLI. */
export const REFUSED_BY_STATE = 'RefusedByState';

export interface ApplyAnswer {
  /** `brought back`: its workflow had been ended, though nobody had deleted it. */
  outcome: 'created' | 'changed' | 'unchanged' | 'brought back';
  warnings: string[];
  /** Number of the last operation that began before the spec was taken: every later sync goes by it. */
  sequence: number;
  /** Which hosts its selectors mean now, where it has any. */
  selections?: Selection[];
}

/** What is worth knowing of a document that would be accepted. */
export interface ExamineAnswer {
  warnings: string[];
  /** As {@link ApplyAnswer}. */
  selections?: Selection[];
}

export interface SyncRequest {
  /** Wait for the end of the sync; otherwise the answer comes once it has started. */
  wait?: boolean;
  /** A tick of the schedule: skipped, and counted, where an operation runs. */
  scheduled?: boolean;
  /** When the Schedule meant it: which targets it is for. */
  tick?: Instant;
  /** Only targets of these names or classes. */
  targets?: string[];
}

export interface VerifyRequest {
  /** Target name; by default the first. */
  target?: string;
  /** By default the newest point. */
  pointId?: string;
}

export interface VerifyResult {
  relationship: string;
  target: string;
  pointId: string;
  capturedAt: Instant;
  verifiedAt: Instant;
  /** True when nothing differs but what the source changed since. */
  equal: boolean;
  /** The first 1,000 differences. */
  differences: Difference[];
  totalDifferences: number;
  /** What was not compared, because it is not carried; `equal` does not speak of it. */
  leftOut: LeftOut[];
  /** Of a store that was read back whole for it. */
  readBack?: ReadBack;
}

export interface RestoreRequest {
  pointId: string;
  /** Target that holds the point; needed only where several hold one of this id. */
  target?: string;
  to: { host: string; path: string };
  /** One file or folder of the point, by its path in it: lands at the same path below `to`. */
  path?: string;
  /** Make a folder that is not empty equal to the point: what is not in the point is deleted. */
  overwrite?: boolean;
  /** Only says what it would do. */
  dryRun?: boolean;
}

export interface RestoreResult {
  relationship: string;
  pointId: string;
  /** The target that holds the point. */
  target: string;
  /** `path`: the folder without symlinks. */
  to: { host: string; path: string };
  /** The one file or folder of the point that was asked for. */
  path?: string;
  /** Nothing was changed: all numbers are what would be. */
  dryRun?: true;
  /** The only copy was written to since it was a point, by a transfer that has not ended well: what lies there. */
  broken?: true;
  /** What was there before. */
  replaced: { entries: number; bytes: number; newestChange?: Instant };
  /** Of that, what is not in the point, and was deleted; examples only of a dry run. */
  deleted: { entries: number; examples: string[] };
  bytes: number;
  files: number;
  durationSeconds: number;
  /** What the point lacked of its source, and what of it could not be brought back. */
  leftOut: LeftOut[];
  /** Of a store of which a whole point was brought back: all that it took, and not what went to the folder alone. */
  readBack?: ReadBack;
}

export interface PriceRequest {
  /** By default the target with the newest recovery point. */
  target?: string;
  /** By default the newest. */
  pointId?: string;
}

/** What was decided by what somebody has seen, which may have changed since. */
interface InEpoch {
  /** The epoch that they saw; a later one refuses it. */
  epoch?: number;
}

export interface FailoverRequest extends PriceRequest, InEpoch {
  /** Go on with what lies at the target even where no whole copy is there. */
  acceptIncomplete?: boolean;
}

export interface FailoverResult {
  relationship: string;
  epoch: number;
  price: Price;
  takeover: Takeover;
}

export interface RelocateRequest extends InEpoch {
  target?: string;
}

export interface ReverseRequest extends InEpoch {
  /** Both sides changed since they were last equal, and that has been seen. */
  acceptDiverged?: boolean;
}

export interface ReverseResult {
  relationship: string;
  /** The sync that brought the old primary into step. */
  record: SyncRecord;
  /** What it had for itself, kept as a recovery point. */
  diverged?: Point;
}

export interface RelocateResult extends ReverseResult {
  epoch: number;
  takeover: Takeover;
}

/** The same of a drill: which target, which point. */
export type DrillRequest = PriceRequest;

/** An operation was started: follow its workflow for progress and result. */
export interface OperationStarted {
  workflowId: string;
}

export const applyUpdate = defineUpdate<ApplyAnswer, [document: unknown]>('apply');
export const examineUpdate = defineUpdate<ExamineAnswer, [document: unknown]>('examine');
export const syncUpdate = defineUpdate<SyncAnswer, [SyncRequest]>('sync');
export const pauseUpdate = defineUpdate<void>('pause');
export const resumeUpdate = defineUpdate<void>('resume');
export const verifyUpdate = defineUpdate<OperationStarted, [VerifyRequest]>('verify');
export const restoreUpdate = defineUpdate<OperationStarted, [RestoreRequest]>('restore');
export interface ApproveAnswer {
  /** What was approved. */
  reason: string;
  /** Of a change of the primary: who has approved it by now. */
  approvals?: Approvals;
}

export const approveUpdate = defineUpdate<ApproveAnswer, [{ by: string }]>('approve');
export const retireUpdate = defineUpdate<void>('retire');

/** What a failover would cost. */
export const priceUpdate = defineUpdate<Price, [PriceRequest]>('price');
export const failoverUpdate = defineUpdate<OperationStarted, [FailoverRequest]>('failover');
export const relocateUpdate = defineUpdate<OperationStarted, [RelocateRequest]>('relocate');
export const reverseUpdate = defineUpdate<OperationStarted, [ReverseRequest]>('reverse');
export const drillUpdate = defineUpdate<OperationStarted, [DrillRequest]>('drill');
/** When drills are held: a cron expression, or nothing to end that. */
export const scheduleDrillUpdate = defineUpdate<{ nextRun?: Instant }, [{ cron?: string }]>('scheduleDrill');
/** Ends the operation that runs: it is undone, or finished where it can't be. Answers its workflow id. */
export const cancelUpdate = defineUpdate<OperationStarted>('cancel');

export const failoverSignal = defineSignal<[FailoverRequest?]>('failover');
export const relocateSignal = defineSignal<[RelocateRequest?]>('relocate');
export const reverseSignal = defineSignal<[ReverseRequest?]>('reverse');
export const drillSignal = defineSignal<[DrillRequest?]>('drill');
export const cancelSignal = defineSignal('cancel');
/** From an operation to its relationship: what it does, and what must not be forgotten. */
export const operationNewsSignal = defineSignal<[OperationNews]>('operationNews');

export const syncSignal = defineSignal<[SyncRequest?]>('sync');
export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
export const verifySignal = defineSignal<[VerifyRequest?]>('verify');
export const approveSignal = defineSignal<[{ by: string }?]>('approve');
export const retireSignal = defineSignal('retire');
/** An agent has told other labels than it had: the hosts that selectors mean may be others now. */
export const reselectSignal = defineSignal('reselect');

/** From a sync to its relationship: one target has failed while others are still at work. */
export const targetFailedSignal = defineSignal<[TargetOutcome]>('targetFailed');

export const statusQuery = defineQuery<RelationshipStatus>('status');
/** What it told of itself last, by sink; null where it has not told anything yet. */
export const toldQuery = defineQuery<ToldState | null>('told');
/** The newest syncs, newest first, at most 20; the catalog has them all. */
export const historyQuery = defineQuery<SyncRecord[]>('history');

/** Everything that it knows: what it goes on from where its workflow was ended. */
export const carriedQuery = defineQuery<RelationshipState>('carried');

/** Workflow types, as they appear in the Temporal UI. */
export const WORKFLOW_TYPES = {
  relationship: 'relationship',
  sync: 'sync',
  verify: 'verify',
  restore: 'restore',
  requestSync: 'requestSync',
  failover: 'failover',
  relocate: 'relocate',
  reverse: 'reverse',
  drill: 'drill',
  requestDrill: 'requestDrill',
} as const;

/** What a client gets as the failure of an update that was refused. */
export interface Refusal {
  problems?: string[];
  failure?: Failure;
}

export interface RequestSyncInput {
  relationship: string;
  /** Only targets of these names or classes. */
  targets?: string[];
  /** Set by the relationship's own Schedule: a tick that falls into an operation is skipped. */
  scheduled?: boolean;
}

export interface RequestDrillInput {
  relationship: string;
}

/** Of the workflow `agentTold`, which agents start by themselves. */
export interface AgentToldInput {
  host: string;
  /** Null: it is to be forgotten. */
  labels: Labels | null;
}

/** What the update `sync` answers. */
export interface SyncAnswer {
  /** Not started: another operation was running, or the relationship was paused. */
  skipped?: string;
  syncId?: string;
  workflowId?: string;
  /** Where it was asked to wait. */
  result?: SyncRecord['result'];
  failure?: Failure;
}

/** Of the workflow `listOthers`, which is started by itself. */
export interface ListOthersInput {
  document: Relationship;
  request: OthersRequest;
}

export interface ExamineInput {
  name: string;
  document: unknown;
}

/** A message to a receiver, which the catalog has. */
export interface NoticeRef {
  receiver: string;
  id: string;
}

/** Of workflow `notice`, which delivers it. */
export interface NoticeInput extends NoticeRef {
  /** It is given up then. */
  giveUpAfterMs: number;
  /** By default as often as it takes. */
  attempts?: number;
}

/** What became of it; why it was not sent, or not at once. */
export interface NoticeOutcome {
  state: 'sent' | 'givenUp';
  problem: string | null;
}

/** Of workflow `notifyTest`. */
export interface NotifyTestInput {
  /** Null: all there are. */
  receiver: string | null;
}

export type NotifyTestAnswer = (NoticeOutcome & { receiver: string })[];
