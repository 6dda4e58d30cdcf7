/** Who is to be told of what now, by what was told and what is wrong. Pure. */
import { hasLabel } from '../choose-relationships';
import type { Instant } from '../records';
import { durationToMs } from '../units';
import { type Condition, keyOf, severityOf } from './conditions';
import type { NotifyConfig, Route } from './config';
import { makeContent, type NoticeContent, type NoticeEvent, type NoticeItem } from './notice';

/** What a receiver was told of a condition last. */
export interface Told {
  at: Instant;
  /** The message's id. */
  notice: string;
  /** That it is over was told. */
  over?: true;
}

/** Something that is wrong, or was and not everybody knows that it is over. */
export interface KnownCondition extends Condition {
  since: Instant;
  endedAt: Instant | null;
  /** By receiver. */
  told: Readonly<Record<string, Told>>;
}

/** What is known of the messages to a receiver. */
export interface Sending {
  /** One is not delivered yet: what comes meanwhile comes after it, as one message. */
  isWaiting: boolean;
  /** How many were made within the last hour. */
  lastHour: number;
}

export interface DecideInput {
  /** As `decide` has left them, in any order. */
  known: readonly KnownCondition[];
  /** All that is wrong now, in any order. */
  observed: readonly Condition[];
  config: Pick<NotifyConfig, 'receivers' | 'routes'>;
  sending: ReadonlyMap<string, Sending>;
  /** Messages, as `receiver/id`, that were given up before the file was changed: nobody was told by them. */
  lost: ReadonlySet<string>;
  /** Of messages that are made now: the same for the same decision. */
  makeId: (receiver: string) => string;
  now: Instant;
}

export interface Decision {
  /** New ones, and those that are otherwise than they were known. */
  changed: KnownCondition[];
  /** Of these, everybody was told all there is. */
  removed: KnownCondition[];
  notices: NoticeContent[];
}

interface Pending {
  condition: KnownCondition;
  event: NoticeEvent;
  dueMs: number;
}

/** As it is now: begun, gone on, ended, or come back. */
function follow(
  known: KnownCondition | undefined,
  seen: Condition | undefined,
  now: Instant,
): KnownCondition {
  if (!known) return { ...(seen as Condition), since: now, endedAt: null, told: {} };
  if (!seen) return known.endedAt === null ? { ...known, endedAt: now } : known;
  if (known.endedAt === null) return { ...known, ...seen };
  // It has come back: who was told that it is over is told anew; who was told of it alone knows already.
  const told = Object.fromEntries(Object.entries(known.told).filter(([, { over }]) => !over));
  const since = Object.keys(told).length === Object.keys(known.told).length ? known.since : now;
  return { ...known, ...seen, since, endedAt: null, told };
}

const isFor = ({ labels: wanted, severity }: Route, { kind, labels }: Condition): boolean =>
  (severity === undefined || severity.includes(severityOf(kind))) &&
  wanted.every((each) => hasLabel(labels, each));

/** What a receiver is still to be told of a condition, and when; undefined where it knows all there is. */
function pendingOf(
  condition: KnownCondition,
  receiver: string,
  routes: readonly Route[],
  input: Pick<DecideInput, 'lost' | 'now'>,
): Pending | undefined {
  const { kind, since, endedAt } = condition;
  const recorded = condition.told[receiver];
  const told = recorded && !input.lost.has(`${receiver}/${recorded.notice}`) ? recorded : undefined;
  const own = routes.filter((route) => isFor(route, condition));
  const route = own.find(({ events }) => events.includes(kind));
  if (endedAt === null) {
    if (!route) return undefined;
    if (!told) return { condition, event: 'began', dueMs: Date.parse(since) + durationToMs(route.groupWait) };
    const againMs = Date.parse(told.at) + durationToMs(route.repeatAfter);
    return againMs > Date.parse(input.now) ? undefined : { condition, event: 'goesOn', dueMs: againMs };
  }
  if (told?.over) return undefined;
  const recovered = own.find(({ events }) => events.includes('recovered'));
  const end = told ? (route ?? recovered) : recovered;
  if (!end) return undefined;
  const waitMs = durationToMs(end.groupWait);
  const lastedMs = Date.parse(endedAt) - Date.parse(since);
  // What was over at once is no news to whoever was not told of it.
  if (!told && lastedMs < waitMs) return undefined;
  return { condition, event: 'over', dueMs: Date.parse(endedAt) + waitMs };
}

export function toItem({ condition, event }: Pick<Pending, 'condition' | 'event'>): NoticeItem {
  const { relationship, kind, target, text, since, endedAt, labels } = condition;
  return { event, relationship, kind, target, severity: severityOf(kind), text, since, endedAt, labels };
}

/** Whether a message may be made now of what is pending; it takes all of that, due or not. */
function isToSend(
  pending: readonly Pending[],
  sending: Sending | undefined,
  most: number,
  nowMs: number,
): boolean {
  const isDue = pending.some(({ dueMs }) => dueMs <= nowMs);
  return isDue && !sending?.isWaiting && (sending?.lastHour ?? 0) < most;
}

export function decide(input: DecideInput): Decision {
  const { config, sending, now, makeId } = input;
  const before = new Map(input.known.map((each) => [keyOf(each), each]));
  const seen = new Map(input.observed.map((each) => [keyOf(each), each]));
  const keys = [...new Set([...before.keys(), ...seen.keys()])];
  const after = new Map(keys.map((key) => [key, follow(before.get(key), seen.get(key), now)]));
  const told = new Map<string, Record<string, Told>>();
  const waiting = new Set<string>();
  const notices: NoticeContent[] = [];
  for (const { name, maxPerHour } of config.receivers) {
    const routes = config.routes.filter(({ to }) => to.includes(name));
    const pending = [...after.values()].flatMap((each) => pendingOf(each, name, routes, input) ?? []);
    if (!isToSend(pending, sending.get(name), maxPerHour, Date.parse(now))) {
      for (const { condition } of pending) waiting.add(keyOf(condition));
      continue;
    }
    const id = makeId(name);
    notices.push(makeContent({ id, receiver: name, createdAt: now }, pending.map(toItem)));
    for (const { condition, event } of pending) {
      const key = keyOf(condition);
      const entry: Told = { at: now, notice: id, ...(event === 'over' && { over: true as const }) };
      told.set(key, { ...told.get(key), [name]: entry });
    }
  }
  return { ...sortOut(before, after, told, waiting), notices };
}

function sortOut(
  before: ReadonlyMap<string, KnownCondition>,
  after: ReadonlyMap<string, KnownCondition>,
  told: ReadonlyMap<string, Record<string, Told>>,
  waiting: ReadonlySet<string>,
): Pick<Decision, 'changed' | 'removed'> {
  const changed: KnownCondition[] = [];
  const removed: KnownCondition[] = [];
  for (const [key, follows] of after) {
    const former = before.get(key);
    const news = told.get(key);
    const condition = news ? { ...follows, told: { ...follows.told, ...news } } : follows;
    if (condition.endedAt !== null && !waiting.has(key)) removed.push(condition);
    // Its text alone changes all the time: it is written with what matters.
    else if (!former || news || former.endedAt !== condition.endedAt || former.since !== condition.since)
      changed.push(condition);
  }
  return { changed, removed };
}
