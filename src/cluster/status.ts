/** What a resource's status says of its relationship. Pure. */
import type { Instant } from '../model/records';
import type { RelationshipSummary, TargetSummary } from '../model/summary';

export type ConditionType = 'Ready' | 'WithinObjectives' | 'FailedOver' | 'WaitingForApproval';

/** As `metav1.Condition` has it. */
export interface Condition {
  type: ConditionType;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration?: number;
  lastTransitionTime: Instant;
  reason: string;
  message: string;
}

export interface ResourceStatus {
  observedGeneration?: number;
  relationship?: string;
  phase?: string;
  health?: string;
  capturedAt?: Instant;
  lastSyncTime?: Instant;
  lastSyncResult?: string;
  nextSyncTime?: Instant;
  epoch?: number;
  direction?: string;
  targets?: readonly Readonly<Record<string, string>>[];
  conditions?: readonly Condition[];
}

type Verdict = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>;

/** A time as statuses have it: to the second. */
export const toInstant = (date: Date): Instant => date.toISOString().replace(/\.\d+/, '');

/** Why a relationship is not as its resource says. */
export interface NotReady {
  reason: 'Refused' | 'NameTaken' | 'Unreachable' | 'Vanished';
  message: string;
}

const LONGEST_MESSAGE = 32_768;

function judgeReady({ phase, statusReason, vanished }: RelationshipSummary, wrong?: NotReady): Verdict {
  const { reason, message } = wrong ?? (vanished ? { reason: 'Vanished', message: statusReason } : {});
  if (reason !== undefined)
    return {
      type: 'Ready',
      status: reason === 'Unreachable' ? 'Unknown' : 'False',
      reason,
      message: message ?? '',
    };
  return { type: 'Ready', status: 'True', reason: 'Applied', message: `the relationship is ${phase}` };
}

/** Without how late it is: that would be old, and another text, a moment later. */
function explainTarget({ name, status, capturedAt, promised, result }: TargetSummary): string[] {
  if (status === 'up') return [];
  const newest =
    capturedAt === null ? 'it has no recovery point' : `its newest recovery point is of ${capturedAt}`;
  const wanted = promised === null ? '' : `, and may be ${promised.seconds} s old by its ${promised.by}`;
  return [`${name} is ${status}: ${newest}${wanted}; its last sync: ${result}`];
}

function judgeObjectives({ status, targets, statusReason }: RelationshipSummary): Verdict {
  const type = 'WithinObjectives';
  if (targets.length === 0) return { type, status: 'False', reason: 'NoHost', message: statusReason };
  if (status === 'up') return { type, status: 'True', reason: 'Fresh', message: '' };
  const message = targets.flatMap(explainTarget).join('\n');
  const isNew = targets.every(({ recoveryPoint, lastError }) => recoveryPoint === null && lastError === null);
  if (isNew) return { type, status: 'Unknown', reason: 'NoRecoveryPointYet', message };
  return { type, status: 'False', reason: status === 'warn' ? 'Late' : 'Down', message };
}

function judgeFailedOver({ takeover }: RelationshipSummary): Verdict {
  const type = 'FailedOver';
  if (!takeover) return { type, status: 'False', reason: 'AsSpecified', message: '' };
  const { target, from, at } = takeover;
  return { type, status: 'True', reason: 'TakenOver', message: `${target} took over from ${from} at ${at}` };
}

function judgeApproval({ phase, operation, statusReason }: RelationshipSummary): Verdict {
  const type = 'WaitingForApproval';
  const waiting = operation?.waiting?.for === 'approve' ? operation.waiting.text : undefined;
  if (waiting === undefined && phase !== 'WaitingForApproval')
    return { type, status: 'False', reason: 'NothingToApprove', message: '' };
  return { type, status: 'True', reason: 'GuardStopped', message: waiting ?? statusReason };
}

/** A condition changes its time only with its status. */
function asCondition(
  former: readonly Condition[],
  verdict: Verdict,
  at: Instant,
  generation?: number,
): Condition {
  const before = former.find(({ type }) => type === verdict.type);
  return {
    ...verdict,
    message: verdict.message.slice(0, LONGEST_MESSAGE),
    ...(generation !== undefined && { observedGeneration: generation }),
    lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : at,
  };
}

const targetStatus = ({
  name,
  host,
  volume,
  status,
  result,
  recoveryPoint,
  capturedAt,
  lastError,
}: TargetSummary) => ({
  ...{ name, volume: `${host}:${volume}`, status, result },
  ...(recoveryPoint !== null && { recoveryPoint }),
  ...(capturedAt !== null && { capturedAt }),
  ...(lastError !== null && { lastError }),
});

export interface StatusRequest {
  /** Undefined where nobody has ever heard of the relationship, or can say. */
  summary?: RelationshipSummary;
  wrong?: NotReady;
  former?: ResourceStatus;
  relationship: string;
  /** Of the resource that was applied last. */
  generation?: number;
  at: Instant;
}

export function statusOf({
  summary,
  wrong,
  former = {},
  relationship,
  generation,
  at,
}: StatusRequest): ResourceStatus {
  const conditionsBefore = former.conditions ?? [];
  if (!summary) {
    const { reason, message } = wrong ?? { reason: 'Unreachable', message: 'nothing is known of it yet' };
    const status = reason === 'Unreachable' ? 'Unknown' : 'False';
    const ready = asCondition(conditionsBefore, { type: 'Ready', status, reason, message }, at, generation);
    // What is not known any more is not shown as if it were.
    const others = conditionsBefore
      .filter(({ type }) => type !== 'Ready')
      .map((each) =>
        asCondition(conditionsBefore, { ...each, status: 'Unknown', reason, message }, at, generation),
      );
    return {
      relationship,
      ...(former.observedGeneration !== undefined && { observedGeneration: former.observedGeneration }),
      conditions: [ready, ...others],
    };
  }
  const { phase, status, targets, lastSync, nextRun, epoch, direction } = summary;
  const [oldest] = targets.flatMap(({ capturedAt }) => capturedAt ?? []).toSorted();
  const verdicts = [
    judgeReady(summary, wrong),
    judgeObjectives(summary),
    judgeFailedOver(summary),
    judgeApproval(summary),
  ];
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...{ relationship, phase, health: status, epoch, direction },
    ...(oldest !== undefined && { capturedAt: oldest }),
    ...(lastSync && { lastSyncTime: lastSync.endedAt, lastSyncResult: lastSync.result }),
    ...(nextRun !== null && { nextSyncTime: nextRun }),
    targets: targets.map(targetStatus),
    conditions: verdicts.map((each) => asCondition(conditionsBefore, each, at, generation)),
  };
}
