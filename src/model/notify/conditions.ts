/** What is wrong with a relationship that somebody may want to be told of. Pure. */
import { targetName } from '../endpoints';
import { inOneLine } from '../failure';
import { assessTarget, DOWN_AT, nextStatusChange, promiseOf, WARN_AT, watchedOf } from '../health';
import { lagSeconds } from '../lag';
import { noTargetText } from '../selections';
import type { RelationshipStatus, TargetStatus } from '../status';
import { takeoversOf } from '../takeovers';
import { vanishedText } from '../vanished';

/** The worst first: so they are named in a message. */
export const CONDITION_KINDS = [
  'down',
  'diverged',
  'failedOver',
  'failed',
  'drillFailed',
  'waiting',
  'late',
] as const;
export type ConditionKind = (typeof CONDITION_KINDS)[number];

export const SEVERITIES = ['warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

const CRITICAL: readonly ConditionKind[] = ['down', 'diverged', 'failedOver'];

export function severityOf(kind: ConditionKind): Severity {
  return CRITICAL.includes(kind) ? 'critical' : 'warning';
}

/** Something is wrong now. There is one of a kind, relationship and target at a time. */
export interface Condition {
  relationship: string;
  kind: ConditionKind;
  /** Null where it concerns the whole relationship. */
  target: string | null;
  /** Why, in one line. */
  text: string;
  /** Of the relationship. */
  labels: Readonly<Record<string, string>>;
}

/** Tells it apart from all others. */
export function keyOf({ relationship, kind, target }: Pick<Condition, 'relationship' | 'kind' | 'target'>) {
  return `${relationship}/${kind}/${target ?? ''}`;
}

type Said = Omit<Condition, 'relationship' | 'labels'>;

const LONGEST_TEXT = 500;

/** What tools and users wrote, in one line that a message has room for. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)}…` : line;
}

/** Its first copy is under way: that there is none yet is no news. */
function isFirstUnderWay({ phase, operation, lastSync }: RelationshipStatus): boolean {
  const isSyncing = operation?.kind === 'sync' && !operation.waiting;
  // Between being applied and its first sync, it is idle for a moment.
  const isNew = phase === 'Idle' && lastSync === undefined;
  return isSyncing || isNew || phase === 'Applying' || phase === 'Syncing';
}

/** Of one target: late also while it is down, so that neither ends where it gets worse. */
function ofAge(status: RelationshipStatus, name: string, known: TargetStatus, nowMs: number): Said[] {
  const spec = status.document.spec.targets.find((each) => targetName(each) === name);
  const watched = watchedOf(status).targets.find((each) => each.name === name);
  if (!spec || !watched) return [];
  const promised = promiseOf(status.document.spec, spec);
  const { reason: text } = assessTarget(watched, promised, nowMs);
  if (known.capturedAt === undefined) {
    const isFirst = known.result === 'never' && isFirstUnderWay(status);
    return isFirst ? [] : [{ kind: 'down', target: name, text }];
  }
  const lag = lagSeconds(known.capturedAt, nowMs);
  const isBeyond = (times: number) => promised !== null && lag > times * promised.seconds;
  return [
    ...(isBeyond(DOWN_AT) ? [{ kind: 'down' as const, target: name, text }] : []),
    ...(isBeyond(WARN_AT) ? [{ kind: 'late' as const, target: name, text }] : []),
  ];
}

function ofResult({ name: target, result, lastError }: TargetStatus): Said[] {
  if (lastError?.type === 'Diverged') return [{ kind: 'diverged', target, text: inOneLine(lastError) }];
  // Of what somebody is to approve, the relationship says that it waits.
  if (result !== 'failed' || lastError?.type === 'ApprovalRequired') return [];
  const text = lastError ? `${lastError.type}: ${inOneLine(lastError)}` : 'its last sync failed';
  return [{ kind: 'failed', target, text }];
}

function ofWaiting({ name, operation, approval }: RelationshipStatus): Said[] {
  const waiting = operation?.waiting;
  if (waiting) {
    const text = `${operation.kind} waits for tidemark ${waiting.for} ${name}: ${waiting.text}`;
    return [{ kind: 'waiting', target: null, text }];
  }
  if (!approval) return [];
  return [{ kind: 'waiting', target: null, text: `waits for tidemark approve ${name}: ${approval.reason}` }];
}

function ofWhole(status: RelationshipStatus): Said[] {
  const { name, vanished, document, takeover, lastDrill } = status;
  const none = noTargetText(document);
  const failedOver = takeoversOf(takeover).map(({ from, target, at }): Said => {
    const text = `${target} took over at ${at}, and ${from} is no copy yet: tidemark reverse ${name}`;
    return { kind: 'failedOver', target: from, text };
  });
  const drill = lastDrill?.result === 'failed' && {
    kind: 'drillFailed' as const,
    target: null,
    text: `the last drill, at ${lastDrill.target}, failed${lastDrill.failure ? `: ${inOneLine(lastDrill.failure)}` : ''}`,
  };
  const down = vanished ? vanishedText(vanished) : none;
  return [
    ...(down === undefined ? [] : [{ kind: 'down' as const, target: null, text: down }]),
    ...failedOver,
    ...(drill ? [drill] : []),
    ...ofWaiting(status),
  ];
}

/** All that is wrong with a relationship, by what it told last and what time it is. */
export function conditionsOf(status: RelationshipStatus, nowMs: number): Condition[] {
  const { name: relationship, takeover, document } = status;
  const awaited = takeoversOf(takeover).map(({ from }) => from);
  const ofTargets = status.targets.flatMap((target) => {
    // Nothing is sent to an old primary, and it was told of as failed over.
    if (awaited.includes(target.name)) return [];
    return [...ofAge(status, target.name, target, nowMs), ...ofResult(target)];
  });
  const { labels } = document.metadata;
  return [...ofWhole(status), ...ofTargets].map((said) => ({
    ...{ relationship, kind: said.kind, target: said.target },
    text: oneLine(said.text),
    labels,
  }));
}

/**
 * When the passing of time alone may change them next, in milliseconds since the epoch; undefined where nothing does
 * before the relationship tells of itself again.
 */
export function nextConditionChange(
  { document, targets }: Pick<RelationshipStatus, 'document' | 'targets'>,
  nowMs: number,
): number | undefined {
  return nextStatusChange(document, targets, nowMs);
}
