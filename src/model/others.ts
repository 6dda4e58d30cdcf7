/** States that others keep in the store of a relationship: which store is meant, who may look, and how many are told at once. Pure. */
import { hostsOf, isAtSource, missingTarget, targetName, volumeIn, volumeOf } from './endpoints';
import { declarationOf } from './kinds';
import { sourceName } from './orientation';
import type { Instant, Volume } from './records';
import type { Relationship, SourceSpec, TargetSpec } from './spec';

/** One of them, as its own tool tells of it. */
export interface OtherState {
  /** As a restore takes it: `restic:1a2b3c4d`. */
  name: string;
  capturedAt: Instant;
  /** The machine that it was made on. */
  from: string;
  /** What of that machine it holds. */
  paths: string[];
  tags: string[];
  bytes?: number;
  files?: number;
}

/** As it is told: what there may be any number of is cut. */
export interface ToldState extends OtherState {
  /** How many more paths and tags it has. */
  morePaths?: number;
  moreTags?: number;
}

export interface OthersRequest {
  /** The target, or the source, that is the store; needed only where there are several. */
  target?: string;
  /** Whose agent is to look; by default whoever can. */
  host?: string;
  limit: number;
  /** Only what was captured before then. */
  before?: Instant;
}

export interface OthersPage {
  /** Newest first. */
  states: ToldState[];
  /** All that there are, whenever they were captured. */
  total: number;
  /** How many are older than the last of these. */
  older: number;
}

export interface OthersAnswer extends OthersPage {
  relationship: string;
  target: string;
  /** The host that looked. */
  host: string;
}

/** Where to look. */
export interface SharedStore {
  target: string;
  /** In the order in which they are asked, until one can tell. */
  places: { host: string; volume: Volume }[];
}

export interface Objection {
  problem: string;
  hint: string;
}

const isShared = (endpoint: SourceSpec | TargetSpec): boolean =>
  declarationOf(volumeOf(endpoint).kind).findsOthers === true;

/** The store that a request means, and whose agents can be asked. */
export function findShared(
  document: Relationship,
  { target: wanted, host }: Pick<OthersRequest, 'target' | 'host'>,
): SharedStore | Objection {
  const { source, targets } = document.spec;
  const { name } = document.metadata;
  const named = [
    ...targets.map((target) => ({ name: targetName(target), endpoint: target })),
    { name: sourceName(document), endpoint: source },
  ];
  const stores = named.filter(({ endpoint }) => isShared(endpoint));
  const [store, second] = wanted === undefined ? stores : named.filter((each) => each.name === wanted);
  const names = stores.map((each) => each.name).join(', ');
  if (!store) {
    if (wanted === undefined) return noStore(`relationship ${name} has no repository`);
    const { message, hint } = missingTarget(
      name,
      wanted,
      named.map((each) => each.name),
    );
    return { problem: message, hint };
  }
  if (!isShared(store.endpoint)) {
    return noStore(`${store.name} of ${name} is a ${volumeOf(store.endpoint).kind}`);
  }
  if (second)
    return { problem: `${name} has several repositories: ${names}`, hint: 'say which: --target NAME' };
  return { target: store.name, places: placesOf(document, store.endpoint, host) };
}

const noStore = (what: string): Objection => ({
  problem: `${what}: nobody else keeps states there`,
  hint: 'without --others, tidemark points lists the recovery points',
});

/** A folder of a machine is there alone; any other store is wherever there are credentials for it. */
export function placesOf(
  document: Relationship,
  endpoint: SourceSpec | TargetSpec,
  wanted: string | undefined,
): SharedStore['places'] {
  const isFolder = volumeOf(endpoint).path.startsWith('/');
  const own = endpoint.host;
  const hosts = isFolder ? [own] : [own, ...hostsOf(document).filter((host) => host !== own)];
  return (wanted === undefined ? hosts : [wanted]).map((host) => ({
    host,
    volume: isAtSource(endpoint) ? volumeIn(document, { ...endpoint, host }) : volumeOf(endpoint),
  }));
}

/** Temporal takes 2 MiB at once; this is more than anybody reads, of whatever characters. */
const MOST_CHARACTERS = 256 * 1024;
const MOST_PATHS = 10;
const MOST_TAGS = 10;
const LONGEST_TAG = 200;

const cutText = (text: string): string =>
  text.length > LONGEST_TAG ? `${text.slice(0, LONGEST_TAG - 1)}…` : text;

function tellState({ paths, tags, ...state }: OtherState): ToldState {
  return {
    ...state,
    paths: paths.slice(0, MOST_PATHS),
    tags: tags.slice(0, MOST_TAGS).map(cutText),
    ...(paths.length > MOST_PATHS && { morePaths: paths.length - MOST_PATHS }),
    ...(tags.length > MOST_TAGS && { moreTags: tags.length - MOST_TAGS }),
  };
}

/** The newest of them, as many as were asked for, and as go through Temporal at once. */
export function pageOf(
  all: readonly OtherState[],
  { limit, before }: Pick<OthersRequest, 'limit' | 'before'>,
): OthersPage {
  const until = before === undefined ? Infinity : Date.parse(before);
  const due = all
    .filter(({ capturedAt }) => Date.parse(capturedAt) < until)
    .toSorted((one, other) => Date.parse(other.capturedAt) - Date.parse(one.capturedAt));
  const states: ToldState[] = [];
  let characters = 0;
  for (const each of due.slice(0, limit)) {
    const told = tellState(each);
    characters += JSON.stringify(told).length;
    if (states.length > 0 && characters > MOST_CHARACTERS) break;
    states.push(told);
  }
  return { states, total: all.length, older: due.length - states.length };
}
