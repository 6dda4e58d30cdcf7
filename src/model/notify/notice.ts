/** A message to a receiver: what it says. Pure. */
import type { Instant } from '../records';
import { formatCount, formatDuration } from '../units';
import { CONDITION_KINDS, type ConditionKind, type Severity } from './conditions';

export type NoticeEvent = 'began' | 'goesOn' | 'over';

/** Something that began, goes on or is over, as a message names it. */
export interface NoticeItem {
  event: NoticeEvent;
  relationship: string;
  kind: ConditionKind;
  target: string | null;
  severity: Severity;
  /** Why it is so; of what is over, why it was. */
  text: string;
  since: Instant;
  /** Null while it is not over. */
  endedAt: Instant | null;
  labels: Readonly<Record<string, string>>;
}

/** What a receiver is told at once: what templates and programs get. */
export interface NoticeContent {
  /** The same each time that this message is sent: what it was told once need not be told again. */
  id: string;
  receiver: string;
  createdAt: Instant;
  /** Somebody tries whether messages arrive. */
  isTest: boolean;
  /** The worst that began or goes on; null where all of it is over. */
  severity: Severity | null;
  /** In one line, such as `2 down, 1 late; 3 recovered`. */
  title: string;
  /** The title, and a line for each that is named; no markup. */
  text: string;
  /** How many in all, named or not. */
  counts: {
    total: number;
    /** Of what began or goes on. */
    kinds: Record<ConditionKind, number>;
    over: number;
  };
  /** The worst of them. */
  items: NoticeItem[];
  /** How many more there are that are not named. */
  more: number;
}

/** What is read; more would be data. */
export const MOST_NAMED = 20;

/** Read after a count or a name: `3 late`, `wiki is late`. */
const WORDS: Record<ConditionKind, string> = {
  down: 'down',
  diverged: 'diverged',
  failedOver: 'failed over',
  failed: 'failing',
  drillFailed: 'with a failed drill',
  waiting: 'waiting for somebody',
  late: 'late',
};

const EVENTS: readonly NoticeEvent[] = ['began', 'goesOn', 'over'];

/** The worst first; what is over last. */
function compareItems(one: NoticeItem, other: NoticeItem): number {
  const isOver = (item: NoticeItem) => Number(item.event === 'over');
  const rank = (item: NoticeItem) => CONDITION_KINDS.indexOf(item.kind);
  const text = (item: NoticeItem) => `${item.relationship}/${item.target ?? ''}`;
  return (
    isOver(one) - isOver(other) ||
    rank(one) - rank(other) ||
    EVENTS.indexOf(one.event) - EVENTS.indexOf(other.event) ||
    (text(one) < text(other) ? -1 : 1)
  );
}

function what({ relationship, target }: Pick<NoticeItem, 'relationship' | 'target'>): string {
  return target === null ? relationship : `${relationship} → ${target}`;
}

/** One line of a message, such as `wiki → beta is late: lag 3h > 2 x rpo 1h`. */
export function itemText(item: NoticeItem): string {
  const word = WORDS[item.kind];
  const since = item.since.replace(/\.\d+Z$/, 'Z');
  if (item.event === 'over') {
    const ms = Date.parse(item.endedAt ?? item.since) - Date.parse(item.since);
    return `${what(item)} is no longer ${word} (it was for ${formatDuration(Math.max(0, ms))})`;
  }
  return `${what(item)} is ${item.event === 'goesOn' ? 'still ' : ''}${word} since ${since}: ${item.text}`;
}

function titleOf(items: readonly NoticeItem[], { kinds, over }: NoticeContent['counts']): string {
  const [only] = items;
  if (only && items.length === 1) {
    const word = WORDS[only.kind];
    const target = only.target === null ? '' : ` to ${only.target}`;
    const is = { began: 'is', goesOn: 'is still', over: 'is no longer' }[only.event];
    return `${only.relationship}${target} ${is} ${word}`;
  }
  const wrong = CONDITION_KINDS.filter((kind) => kinds[kind] > 0).map(
    (kind) => `${kinds[kind]} ${WORDS[kind]}`,
  );
  return [wrong.join(', '), over > 0 && formatCount(over, 'recovered', 'recovered')]
    .filter(Boolean)
    .join('; ');
}

/** A message of these, of which the worst are named. */
export function makeContent(
  head: Pick<NoticeContent, 'id' | 'receiver' | 'createdAt'>,
  all: readonly NoticeItem[],
): NoticeContent {
  const kinds = Object.fromEntries(CONDITION_KINDS.map((kind) => [kind, 0])) as Record<ConditionKind, number>;
  for (const { kind, event } of all) if (event !== 'over') kinds[kind]++;
  const wrong = all.filter(({ event }) => event !== 'over');
  const isCritical = wrong.some(({ severity }) => severity === 'critical');
  const counts = { total: all.length, kinds, over: all.length - wrong.length };
  const items = all.toSorted(compareItems).slice(0, MOST_NAMED);
  const more = all.length - items.length;
  const title = titleOf(all, counts);
  const rest = more > 0 ? [`and ${more} more: tidemark get --sort status`] : [];
  return {
    ...head,
    isTest: false,
    severity: wrong.length === 0 ? null : isCritical ? 'critical' : 'warning',
    title,
    text: [`Tidemark: ${title}`, ...items.map((item) => `- ${itemText(item)}`), ...rest].join('\n'),
    ...{ counts, items, more },
  };
}

/** A message by which somebody tries whether messages arrive. */
export function makeTestContent(head: Pick<NoticeContent, 'id' | 'receiver' | 'createdAt'>): NoticeContent {
  const title = `a test of receiver ${head.receiver}`;
  const text = `Tidemark: ${title}\nNothing is wrong: somebody tried whether messages arrive (tidemark notify test).`;
  return { ...makeContent(head, []), isTest: true, title, text };
}

/** By which a service notices that the control worker is there, looks, and what is wrong that the receiver was told of. */
export function makeHeartbeat(
  head: Pick<NoticeContent, 'id' | 'receiver' | 'createdAt'>,
  open: readonly NoticeItem[],
): NoticeContent {
  const content = makeContent(head, open);
  if (open.length > 0) return content;
  const title = 'nothing is wrong now';
  return { ...content, title, text: `Tidemark: ${title}` };
}
