/** What an operation tells its relationship while it runs, and what that changes there. Pure. */
import { endTarget, handOver } from './fetches';
import { recordSyncEnd, recordTargetEnd } from './record-sync';
import { recordEpoch, recordTakeover } from './relationship-state';
import type { RelationshipState } from './relationship-state';
import { takeoversOf, toTakeover } from './takeovers';
import type { SyncRecord, TargetOutcome } from './records';
import type { Takeover, Waiting } from './status';

export interface OperationNews {
  workflowId: string;
  phase?: string;
  /** Null: it no longer waits. */
  waiting?: Waiting | null;
  /** An epoch that it begins: told before any host hears of it, so that it can never come twice. */
  epoch?: number;
  /** The last number that it gave to a sync. */
  sequence?: number;
  takeover?: Takeover;
  /** Of a sync: the source has been read, and only targets that fetch from the hub are still at work. */
  fetching?: true;
  /** Of such a sync: what became of one of them, while others may be at work for hours. */
  ended?: { sequence: number; outcome: TargetOutcome };
}

/** What an operation has said of itself while it runs, or what must outlive it. Idempotent. */
export function takeNews(state: RelationshipState, news: OperationNews): void {
  const { workflowId, phase, waiting, epoch, sequence, takeover } = news;
  if (takeover && epoch !== undefined) recordTakeover(state, takeover, epoch);
  if (epoch !== undefined) recordEpoch(state, epoch);
  if (sequence !== undefined) state.sequence = Math.max(state.sequence, sequence);
  if (news.fetching) handOver(state, workflowId);
  if (news.ended) {
    recordTargetEnd(state, news.ended.outcome, news.ended.sequence);
    endTarget(state, workflowId, news.ended.outcome.name);
  }
  const { operation } = state;
  if (operation?.workflowId !== workflowId) return;
  if (phase !== undefined) operation.phase = phase;
  if (waiting === null) delete operation.waiting;
  else if (waiting) operation.waiting = waiting;
}

/** An old primary, by its name as a target, is in step with the new one: it is a target like any other. */
export function recordBack(
  state: RelationshipState,
  record: SyncRecord,
  back: string,
  retryDelayMs: () => number,
): void {
  const left = toTakeover(takeoversOf(state.takeover).filter(({ from }) => from !== back));
  if (left) state.takeover = left;
  else delete state.takeover;
  state.sequence = Math.max(state.sequence, record.sequence);
  recordSyncEnd(state, record, record.endedAt, retryDelayMs);
}
