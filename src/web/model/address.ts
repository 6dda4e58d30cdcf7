/** What of the page is shown, as the part of its address after `#`: it can be bookmarked, and holds no secret. Pure. */
import type { Sort } from '../../model/choose-relationships';
import { HEALTHS, type Health } from '../../model/health';
import { PHASES, type Phase } from '../../model/status';

export interface FleetFilter {
  search: string;
  labels: string[];
  host: string;
  status: Health[];
  phase: Phase[];
  sort: Sort;
  offset: number;
}

export type Address =
  | { view: 'fleet'; filter: FleetFilter }
  | { view: 'relationship'; name: string }
  | { view: 'operations' }
  | { view: 'hosts' }
  | { view: 'events'; kinds: string[] };

export const PAGE_SIZE = 50;

export const NO_FILTER: FleetFilter = {
  ...{ search: '', labels: [], host: '', status: [], phase: [], sort: 'status', offset: 0 },
};

const SORTS: readonly Sort[] = ['status', 'lag', 'name'];
const among = <T extends string>(all: readonly T[], given: string[]): T[] =>
  all.filter((each) => given.includes(each));

function parseFilter(query: URLSearchParams): FleetFilter {
  const offset = Number(query.get('offset') ?? 0);
  return {
    search: query.get('search') ?? '',
    labels: query.getAll('label'),
    host: query.get('host') ?? '',
    status: among(HEALTHS, query.getAll('status')),
    phase: among(PHASES, query.getAll('phase')),
    sort: SORTS.find((each) => each === query.get('sort')) ?? 'status',
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Of anything that it does not know, the fleet. */
export function parseAddress(hash: string): Address {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [view, name] = path.split('/');
  if (view === 'relationships' && name) return { view: 'relationship', name: decode(name) };
  if (view === 'operations' || view === 'hosts') return { view };
  if (view === 'events') return { view, kinds: new URLSearchParams(query).getAll('kind') };
  return { view: 'fleet', filter: parseFilter(new URLSearchParams(query)) };
}

function filterQuery({ search, labels, host, status, phase, sort, offset }: FleetFilter): URLSearchParams {
  const query = new URLSearchParams();
  if (search) query.set('search', search);
  for (const label of labels) query.append('label', label);
  if (host) query.set('host', host);
  for (const each of status) query.append('status', each);
  for (const each of phase) query.append('phase', each);
  if (sort !== 'status') query.set('sort', sort);
  if (offset > 0) query.set('offset', String(offset));
  return query;
}

const withQuery = (path: string, query: URLSearchParams) => (query.size > 0 ? `${path}?${query}` : path);

export function fleetHref(filter: Partial<FleetFilter> = {}): string {
  return withQuery('#/', filterQuery({ ...NO_FILTER, ...filter }));
}

export const relationshipHref = (name: string) => `#/relationships/${encodeURIComponent(name)}`;

export function eventsHref(kinds: readonly string[] = []): string {
  return withQuery('#/events', new URLSearchParams(kinds.map((kind) => ['kind', kind])));
}

/** What `/v1/fleet` is asked for one page of them. */
export function fleetPath(filter: FleetFilter): string {
  const query = filterQuery(filter);
  query.set('sort', filter.sort);
  query.set('limit', String(PAGE_SIZE));
  return `/v1/fleet?${query}`;
}

/** The same for how many there are of each state, whichever of them are shown. */
export function countsPath({ search, labels, host }: FleetFilter): string {
  const query = filterQuery({ ...NO_FILTER, search, labels, host });
  query.set('limit', '1');
  return `/v1/fleet?${query}`;
}

export const hasStates = ({ status, phase }: FleetFilter) => status.length > 0 || phase.length > 0;
