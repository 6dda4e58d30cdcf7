/** Syncs on a time axis: what each sent, and how long it took. Pure. */
import { ticks } from 'd3-array';
import { timeTicks } from 'd3-time';
import type { SyncEntry } from '../../catalog/contract';
import { formatBytes, formatCount, formatDuration } from '../../model/units';

/** Bytes on the wire to all targets; null where no transfer of it was completed. */
export function bytesSentOf({ targets }: Pick<SyncEntry, 'targets'>): number | null {
  const sent = targets.flatMap(({ bytesSent }) => (bytesSent === null ? [] : [bytesSent]));
  return sent.length === 0 ? null : sent.reduce((sum, each) => sum + each, 0);
}

/** Entries that differed, at all targets. */
export function changedOf({ targets }: Pick<SyncEntry, 'targets'>): number | null {
  const changed = targets.flatMap(({ filesChanged }) => (filesChanged === null ? [] : [filesChanged]));
  return changed.length === 0 ? null : changed.reduce((sum, each) => sum + each, 0);
}

export interface SyncBar {
  id: number;
  result: SyncEntry['result'];
  x: number;
  width: number;
  /** Top of the bar of bytes, and how high it is. */
  y: number;
  height: number;
  /** Where its duration is drawn. */
  durationY: number;
  /** All of it, for whoever points at it. */
  text: string;
}

export interface Tick {
  at: number;
  text: string;
}

export interface SyncChart {
  bars: SyncBar[];
  bytesTicks: Tick[];
  durationTicks: Tick[];
  timeTicks: Tick[];
}

export interface ChartSize {
  width: number;
  /** Of the part with bars, and of the one with durations below it. */
  bytesHeight: number;
  durationHeight: number;
}

const WIDEST_BAR = 14;
/** A word on the time axis takes so much. */
const TIME_WIDTH = 90;
const DAY_MS = 86_400_000;
const SHORTEST_MS = 600_000;

/** From nothing at the bottom to `most` at the top. */
function upwards(most: number, height: number, curve: (value: number) => number = (value) => value) {
  return (value: number) => height * (1 - curve(value) / curve(most));
}

const two = (value: number) => String(value).padStart(2, '0');

/** As much of a moment as its axis needs. */
function tickText(date: Date, spanMs: number): string {
  if (spanMs > 400 * DAY_MS) return `${date.getFullYear()}-${two(date.getMonth() + 1)}`;
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  if (isMidnight || spanMs > 8 * DAY_MS) return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

function timeAxis(begins: readonly number[], width: number) {
  let [first, last] = [Math.min(...begins), Math.max(...begins)];
  // One alone, or several at one moment, have no span: some minutes around them.
  if (last - first < SHORTEST_MS) [first, last] = [first - SHORTEST_MS / 2, last + SHORTEST_MS / 2];
  const x = (ms: number) => (width * (ms - first)) / (last - first);
  const count = Math.max(2, Math.floor(width / TIME_WIDTH));
  const times = timeTicks(new Date(first), new Date(last), count).map((date) => ({
    ...{ at: x(date.getTime()) + WIDEST_BAR / 2, text: tickText(date, last - first) },
  }));
  return { x, times };
}

/** Its axes begin at nothing; bytes by their square root, so that small syncs are seen beside a full one. */
export function layoutSyncs(syncs: readonly SyncEntry[], size: ChartSize): SyncChart {
  const inner = size.width - WIDEST_BAR;
  const begins = syncs.map(({ startedAt }) => Date.parse(startedAt));
  const { x, times } = timeAxis(begins, inner);
  const mostBytes = Math.max(1024, ...syncs.map((sync) => bytesSentOf(sync) ?? 0));
  const mostSeconds = Math.max(1, ...syncs.map(({ durationSeconds }) => durationSeconds));
  const bytesY = upwards(mostBytes, size.bytesHeight, Math.sqrt);
  const secondsY = upwards(mostSeconds, size.durationHeight);
  const width = Math.max(2, Math.min(WIDEST_BAR, (0.7 * inner) / Math.max(1, syncs.length)));
  return {
    bars: syncs.map((sync, index) => {
      const y = bytesY(bytesSentOf(sync) ?? 0);
      const left = x(begins[index] ?? 0) + (WIDEST_BAR - width) / 2;
      return {
        ...{ id: sync.id, result: sync.result, x: left, width, y, height: size.bytesHeight - y },
        ...{ durationY: secondsY(sync.durationSeconds), text: syncText(sync) },
      };
    }),
    bytesTicks: [mostBytes, mostBytes / 4, 0].map((value) => ({
      at: bytesY(value),
      text: formatBytes(value),
    })),
    durationTicks: ticks(0, mostSeconds, 2).map((value) => ({
      ...{ at: secondsY(value), text: value === 0 ? '0s' : formatDuration(value * 1000) },
    })),
    timeTicks: times,
  };
}

/** `2026-11-21T10:00:00Z: succeeded, 3.40 MiB sent, 12 entries changed, 4.2s`. */
export function syncText(sync: SyncEntry): string {
  const [bytes, changed] = [bytesSentOf(sync), changedOf(sync)];
  return [
    `${sync.startedAt}: ${sync.result}`,
    ...(bytes === null ? [] : [`${formatBytes(bytes)} sent`]),
    ...(changed === null ? [] : [`${formatCount(changed, 'entry', 'entries')} changed`]),
    formatDuration(sync.durationSeconds * 1000),
  ].join(', ');
}

/** Why it failed: as a whole, or at which targets. */
export function errorText({ error, targets }: Pick<SyncEntry, 'error' | 'targets'>): string {
  const atTargets = targets.flatMap((target) =>
    target.error === null ? [] : [`${target.name}: ${target.error}`],
  );
  return atTargets.join('; ') || (error ?? '');
}

/** What a picture of them says, to whoever can't see it. */
export function describeSyncs(syncs: readonly SyncEntry[]): string {
  const failed = syncs.filter(({ result }) => result !== 'succeeded').length;
  const sent = syncs.reduce((sum, sync) => sum + (bytesSentOf(sync) ?? 0), 0);
  const longest = Math.max(0, ...syncs.map(({ durationSeconds }) => durationSeconds));
  return `${formatCount(syncs.length, 'sync')}, ${failed} without success, ${formatBytes(sent)} sent in all, the longest took ${formatDuration(longest * 1000)}`;
}
