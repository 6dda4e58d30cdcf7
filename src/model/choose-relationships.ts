/** Which of many relationships somebody wants to see, in which order, and a page at a time. Pure. */
import type { Health } from './health';
import { HEALTHS } from './health';
import type { Phase } from './status';
import type { RelationshipSummary } from './summary';

export interface Choice {
  /** Part of the name, whatever its case. */
  search?: string | undefined;
  status?: readonly Health[] | undefined;
  phase?: readonly Phase[] | undefined;
  /** Where it works, on either side. */
  host?: string | undefined;
  /** Each of these: `tier=gold`, `tier!=gold`, `tier` for one that has any, `!tier` for one that has none. */
  labels?: readonly string[] | undefined;
}

export const SORTS = ['name', 'status', 'lag'] as const;
export type Sort = (typeof SORTS)[number];

/** Whether labels are as a selector wants. As `kubectl` takes it: `key`, `!key`, `key=value`, `key==value` or `key!=value`. */
export function hasLabel(labels: RelationshipSummary['labels'], wanted: string): boolean {
  const valueOf = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const [, key = '', operator, value = ''] = /^([^=!]+)(!=|==?)(.*)$/s.exec(wanted) ?? [];
  if (operator === undefined)
    return wanted.startsWith('!') ? valueOf(wanted.slice(1)) === undefined : valueOf(wanted) !== undefined;
  return (valueOf(key) === value) !== (operator === '!=');
}

export function isChosen(
  { name, status, phase, source, targets, labels }: RelationshipSummary,
  choice: Choice,
): boolean {
  const hosts = [source.host, ...targets.map(({ host }) => host)];
  return (
    (choice.search === undefined || name.includes(choice.search.toLowerCase())) &&
    (choice.status === undefined || choice.status.includes(status)) &&
    (choice.phase === undefined || choice.phase.includes(phase)) &&
    (choice.host === undefined || hosts.includes(choice.host)) &&
    (choice.labels ?? []).every((wanted) => hasLabel(labels, wanted))
  );
}

/** The oldest copy of any target; one without any is the oldest there is. */
function lagOf({ targets }: RelationshipSummary): number {
  return Math.max(0, ...targets.map(({ lagSeconds }) => lagSeconds ?? Infinity));
}

/** Nothing goes on there until somebody does something, or comes back. */
export const WAITING_PHASES = [
  ...(['WaitingForApproval', 'WaitingForHost', 'Parked', 'AwaitingPush'] as const satisfies Phase[]),
] as const;

const waits = (phase: Phase) => phase === 'FailedOver' || WAITING_PHASES.some((each) => each === phase);

const RANKS: Record<Sort, (summary: RelationshipSummary) => number> = {
  name: () => 0,
  // The worst first: that is what somebody looks for. Of those that are equally bad, they come first that wait for somebody.
  status: ({ status, phase }) => -2 * HEALTHS.indexOf(status) - (waits(phase) ? 1 : 0),
  lag: (summary) => -lagOf(summary),
};

/** By name among equals. */
export function inOrder(summaries: readonly RelationshipSummary[], sort: Sort): RelationshipSummary[] {
  const ranked = summaries.map((summary) => ({ summary, rank: RANKS[sort](summary) }));
  return ranked
    .toSorted((one, other) => compare(one.rank, other.rank) || compare(one.summary.name, other.summary.name))
    .map(({ summary }) => summary);
}

function compare<T extends number | string>(one: T, other: T): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** How many there are of each status, and in each phase. */
export function countAll(summaries: readonly RelationshipSummary[]) {
  const status: Record<Health, number> = { up: 0, warn: 0, down: 0 };
  const phases = new Map<Phase, number>();
  for (const summary of summaries) {
    status[summary.status] += 1;
    phases.set(summary.phase, (phases.get(summary.phase) ?? 0) + 1);
  }
  return { total: summaries.length, status, phase: Object.fromEntries(phases) };
}
