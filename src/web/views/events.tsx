/** What happened: who asked, by which front door, why, and what came of it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { EventEntry, EventsPage } from '../../catalog/contract';
import { EVENT_KINDS } from '../../model/events';
import { ApiError, getJson } from '../data/api';
import { replaceAddress } from '../data/navigate';
import { usePoll } from '../data/poll';
import { useAsAge } from '../data/shown';
import { eventsHref, relationshipHref } from '../model/address';
import { actorText, eventText, KIND_TEXT } from '../model/events-text';
import { Icon, Table, Trouble, When } from './parts';

const EVERY_MS = 15_000;
/** A tab is open for days: nobody reads more than that at once. */
const MOST = 500;

const TONES = { succeeded: 'up', partial: 'warn', failed: 'down', cancelled: 'plain', lost: 'warn' } as const;

interface Older {
  events: EventEntry[];
  next: string | null;
}

/** The newest, renewed, and older ones as far as somebody asked for them. */
export function useEvents(path: string, stamp = '') {
  const poll = usePoll(path, (signal) => getJson<EventsPage>(path, signal), {
    everyMs: EVERY_MS * (stamp === '' ? 1 : 8),
  });
  const [older, setOlder] = useState<Older>();
  const [error, setError] = useState<ApiError>();
  const wanted = useRef(path);
  useEffect(() => {
    wanted.current = path;
    setOlder(undefined);
  }, [path]);
  useEffect(() => {
    if (stamp !== '' && poll.at.peek()) void poll.refresh();
  }, [stamp]);
  const page = poll.value.value;
  const next = older ? older.next : page?.next;
  const known = new Set(page?.events.map(({ id }) => id));
  const list = page && [...page.events, ...(older?.events ?? []).filter(({ id }) => !known.has(id))];
  const read = async () => {
    try {
      const answer = await getJson<EventsPage>(`${path}&before=${encodeURIComponent(next ?? '')}`);
      if (wanted.current !== path) return;
      setOlder({ events: [...(older?.events ?? []), ...answer.events], next: answer.next });
      setError(undefined);
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError(String(failure)));
    }
  };
  return {
    ...{ poll, list, at: poll.at.value, error: error ?? poll.error.value },
    more: next && (list?.length ?? 0) < MOST ? () => void read() : undefined,
  };
}

function Row({ event, isNamed }: { event: EventEntry; isNamed: boolean }) {
  const { at, kind, relationship, result, actor, changes } = event;
  const tone = result === null ? 'run' : TONES[result];
  return (
    <tr>
      <th scope="row">
        <When at={at} isMoment />
      </th>
      {isNamed && (
        <td>
          <a href={relationshipHref(relationship)}>{relationship}</a>
        </td>
      )}
      <td>{KIND_TEXT[kind]}</td>
      <td class={`tone-${tone}`}>
        <span class="badge">
          <Icon tone={tone} />
          {result ?? 'runs'}
        </span>
      </td>
      <td>{actorText(actor)}</td>
      <td class="wide">
        {eventText(event)}
        {changes.length > 0 && (
          <ul class="changes">
            {changes.map((change) => (
              <li key={change}>
                <code>{change}</code>
              </li>
            ))}
          </ul>
        )}
      </td>
    </tr>
  );
}

function EventsTable({ events, isNamed = false }: { events: readonly EventEntry[]; isNamed?: boolean }) {
  if (events.length === 0) return <p class="quiet">Nothing of that kind has happened.</p>;
  return (
    <Table label="Table of events">
      <thead>
        <tr>
          <th scope="col">When</th>
          {isNamed && <th scope="col">Relationship</th>}
          <th scope="col">What</th>
          <th scope="col">Result</th>
          <th scope="col">Who</th>
          <th scope="col">Details</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <Row key={event.id} event={event} isNamed={isNamed} />
        ))}
      </tbody>
    </Table>
  );
}

/** All of one kind, or everything but syncs: of those there are many. */
export function Events({ kinds }: { kinds: string[] }) {
  const asked = kinds.length > 0 ? kinds : EVENT_KINDS;
  const query = new URLSearchParams([['limit', '50'], ...asked.map((kind) => ['kind', kind])]);
  const events = useEvents(`/v1/events?${query}`);
  useAsAge(events.poll);
  return (
    <>
      <div class="title-line">
        <h1 tabIndex={-1}>Events</h1>
        <label class="field inline">
          <span>Kind</span>
          <select
            value={kinds[0] ?? ''}
            onChange={({ currentTarget: { value } }) => replaceAddress(eventsHref(value ? [value] : []))}
          >
            <option value="">all but syncs</option>
            {Object.entries(KIND_TEXT).map(([kind, text]) => (
              <option key={kind} value={kind}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Trouble error={events.list ? undefined : events.error} />
      <EventsRead {...events} isNamed />
    </>
  );
}

/** Those that were read, and a button for older ones. */
export function EventsRead({
  list,
  more,
  isNamed,
}: Pick<ReturnType<typeof useEvents>, 'list' | 'more'> & { isNamed?: boolean }) {
  return (
    <>
      {list && <EventsTable events={list} {...(isNamed && { isNamed })} />}
      {more && (
        <button type="button" class="plain" onClick={more}>
          Show older events
        </button>
      )}
    </>
  );
}
