/** Instants and ages, for people. Pure. */
import type { Instant } from '../../model/records';
import { formatDuration } from '../../model/units';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** No finer than anybody wants to know: whole seconds, whole minutes from the first, hours with theirs. */
export function formatAge(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / 1000))}s`;
  return formatDuration(ms < HOUR_MS ? ms - (ms % MINUTE_MS) : ms);
}

/** Under that, a clock that runs a little ahead or behind would show. */
const JUST_NOW_MS = 2000;

/** `just now`, `3m ago`; `in 12m` of what is to come. */
export function ageText(at: Instant | number, nowMs: number): string {
  const ageMs = nowMs - (typeof at === 'number' ? at : Date.parse(at));
  if (Math.abs(ageMs) < JUST_NOW_MS) return 'just now';
  const text = formatAge(Math.abs(ageMs));
  return ageMs > 0 ? `${text} ago` : `in ${text}`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** `14:03:22` of today, else `2026-11-21 14:03`, in the time of whoever looks. */
export function momentText(at: Instant | number, nowMs: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.toDateString() === new Date(nowMs).toDateString()) return `${time}:${two(date.getSeconds())}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

export interface Lag {
  /** Null before the first recovery point. */
  lagSeconds: number | null;
  promised: { seconds: number; by: 'rpo' | 'schedule' } | null;
}

/** `5m of 1h rpo`, `12m, nothing promised`, `never synced`. */
export function lagText({ lagSeconds, promised }: Lag): string {
  const of = promised && `${formatDuration(promised.seconds * 1000)} ${promised.by}`;
  if (lagSeconds === null) return of ? `never synced, ${of}` : 'never synced';
  const lag = formatAge(lagSeconds * 1000);
  return of ? `${lag} of ${of}` : `${lag}, nothing promised`;
}

/** How late it is, as a share of the place that a bar has: the promise is a third, as three times that is down. */
export function lagShare({ lagSeconds, promised }: Lag): number {
  if (lagSeconds === null) return 1;
  if (!promised || promised.seconds <= 0) return 0;
  return Math.min(1, lagSeconds / (3 * promised.seconds));
}

/** As it is by now: it was told a while ago, and goes on. */
export function lagNow(capturedAt: Instant | null, nowMs: number): number | null {
  return capturedAt === null ? null : Math.max(0, Math.floor((nowMs - Date.parse(capturedAt)) / 1000));
}
