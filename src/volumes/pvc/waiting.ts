/** Waiting for what a cluster makes, and saying what it waits for where that does not come. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../model/errors';
import { formatDuration } from '../../model/units';
import type { Cluster } from '../../hosts/cluster/contract';
import { type ClusterEvent, CORE, nameObject, type ObjectReference } from '../../hosts/cluster/objects';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** Events that are told, the newest. */
const TOLD = 4;

/** What one look at it has found. */
export type Found<T> =
  /** It is there. */
  | { done: T }
  /** It may come; with what it says of itself meanwhile. */
  | { pending: string[] }
  /** It was on its way, and somebody or something took it away: another one may come. */
  | { lost: string }
  /** It will not come. */
  | { failed: string };

export interface Waiting {
  cluster: Cluster;
  namespace: string;
  /** What is waited for, in words: `the snapshot of shop/mysql`. */
  what: string;
  volume: string;
  /** Whose events tell why it takes long. */
  about: readonly ObjectReference[];
  signal?: AbortSignal;
  hint: string;
  /** By default the one that the agent was started with. */
  limitMs?: number;
  /** What is said where the limit is over. By default `was not there`. */
  late?: string;
}

/** What the cluster warns of with these objects, the newest last, each thing once; without a warning, what it said last. */
export async function readEvents(
  { api }: Pick<Cluster, 'api'>,
  namespace: string,
  about: readonly ObjectReference[],
): Promise<string[]> {
  const events = await api.list<ClusterEvent>({ apiVersion: CORE, kind: 'Event', namespace });
  const timeOf = ({ lastTimestamp, eventTime, metadata }: ClusterEvent) =>
    lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
  const found = events
    .filter(({ involvedObject }) => {
      const isMeant = ({ kind, metadata }: ObjectReference) =>
        kind === involvedObject.kind && metadata.name === involvedObject.name;
      return about.some(isMeant);
    })
    .sort((one, other) => (timeOf(one) < timeOf(other) ? -1 : 1));
  const warnings = found.filter(({ type }) => type === 'Warning');
  const told = (warnings.length > 0 ? warnings : found.slice(-1)).map(
    ({ involvedObject, reason = '', message = '' }) =>
      `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message.trim()}`,
  );
  return [...new Set(told)].slice(-TOLD);
}

/**
 * Looks until it is there.
 * @throws TidemarkError `NotReady` with what it says of itself and what the cluster says of it, where it will not come or
 * takes longer than the limit; `HostUnreachable`, which is tried again, where it was lost
 */
export async function waitFor<T>(waiting: Waiting, look: () => Promise<Found<T>>): Promise<T> {
  const { cluster, namespace, what, volume, about, signal, hint } = waiting;
  const { limitMs = cluster.settings.limitMs } = waiting;
  const startedAt = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(1.25 * pauseMs, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const found = await look();
    if ('done' in found) return found.done;
    if ('lost' in found) {
      throw new TidemarkError('HostUnreachable', `${what} was lost while it came up`, {
        ...{ host: cluster.name, volume, toolMessage: found.lost },
        hint: `it resumes by itself; to see what happened: kubectl get events --namespace ${namespace}`,
      });
    }
    const isLate = performance.now() - startedAt > limitMs;
    if (!('failed' in found) && !isLate) {
      // An abort ends it with the reason, right away.
      await sleep(pauseMs, undefined, { ...(signal && { signal }) }).catch(() => undefined);
      continue;
    }
    const events = await readEvents(cluster, namespace, about);
    const told = 'failed' in found ? [found.failed] : found.pending;
    const words = [...new Set([...told, ...events])];
    const isSilent = words.length === 0;
    const toolMessage = isSilent
      ? `nothing is said of ${about.map(nameObject).join(', ')}: what makes it may not be running`
      : words.join('\n');
    if ('failed' in found)
      throw new TidemarkError('NotReady', `${what} failed`, {
        host: cluster.name,
        volume,
        toolMessage,
        hint,
      });
    throw new TidemarkError(
      'NotReady',
      `${what} ${waiting.late ?? 'was not there'} after ${formatDuration(limitMs)}`,
      {
        ...{ host: cluster.name, volume, toolMessage },
        hint:
          waiting.limitMs === undefined
            ? `${hint}; where it only takes long, start the agent with a longer --limit`
            : hint,
      },
    );
  }
}
