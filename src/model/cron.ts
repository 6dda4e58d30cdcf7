/** Cron expressions and time zones, in the dialect that Temporal's Schedules take. */
import { Cron } from 'croner';
import { suggest } from './suggest';

const PREDEFINED: Record<string, string> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/** A Friday, so that few ticks already show what a schedule does by night and at a weekend. */
const SAMPLE_START = new Date('2027-01-01T00:00:00Z');
const SAMPLE_TICKS = 1000;

/** Temporal wants both the day of month and the day of week to match, where both are given. */
const OPTIONS = { paused: true, mode: '5-part', domAndDow: true } as const;

/** A cron expression that tells its ticks. @throws where it is none, or there is no such time zone. */
export function makeCron(expression: string, timezone: string): Cron {
  return new Cron(expression, { ...OPTIONS, timezone });
}

/** For what does not depend on the time zone; far faster. */
function makeUtcCron(expression: string): Cron {
  return new Cron(expression, { ...OPTIONS, utcOffset: 0 });
}

/** What is wrong with a cron expression; undefined where nothing is. */
export function checkCron(expression: string): { message: string; suggestion?: string } | undefined {
  const predefined = PREDEFINED[expression.trim().toLowerCase()];
  if (predefined) return { message: 'must be a cron expression of five fields', suggestion: predefined };
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 5) {
    return {
      message: `must be a cron expression of five fields, such as "*/15 * * * *"; this has ${fields.length}`,
    };
  }
  const foreign = fields.find(
    (field) => !/^[\d*,/a-z-]+$/i.test(field) || /(?<![a-z])(?:[a-z]{1,2}|[a-z]{4,})(?![a-z])/i.test(field),
  );
  if (foreign !== undefined) {
    return {
      message: `"${foreign}" is not part of a cron expression: numbers, names such as mon or jan, and * , - / are`,
    };
  }
  try {
    if (makeUtcCron(expression).nextRun(SAMPLE_START)) return undefined;
    return { message: 'this schedule never runs' };
  } catch (error) {
    const words = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    return { message: `not a cron expression: ${words.replace(/\.$/, '')}` };
  }
}

export interface TickGaps {
  shortestMs: number;
  longestMs: number;
}

const HOUR_MS = 3_600_000;

/** After so long a schedule has shown every gap that it has; undefined where only many ticks tell. */
function horizonMs(expression: string): number | undefined {
  const [, hour, dayOfMonth, month, dayOfWeek] = expression.trim().split(/\s+/);
  if (dayOfMonth !== '*' || month !== '*') return undefined;
  if (dayOfWeek !== '*') return 15 * 24 * HOUR_MS;
  return hour === '*' ? 2 * HOUR_MS : 2 * 24 * HOUR_MS;
}

/** Ticks as far as they have something new to show: finding one takes long. */
function sampleTicks(expression: string): Date[] {
  const cron = makeUtcCron(expression);
  const horizon = horizonMs(expression);
  if (horizon === undefined) return cron.nextRuns(SAMPLE_TICKS, SAMPLE_START);
  const ticks: Date[] = [];
  for (
    let tick = cron.nextRun(SAMPLE_START);
    tick && ticks.length < SAMPLE_TICKS;
    tick = cron.nextRun(tick)
  ) {
    ticks.push(tick);
    if (tick.getTime() - SAMPLE_START.getTime() > horizon) break;
  }
  return ticks;
}

function measureGaps(expression: string): TickGaps | undefined {
  const ticks = sampleTicks(expression);
  const gaps = ticks.slice(1).map((tick, index) => tick.getTime() - (ticks[index]?.getTime() ?? 0));
  return gaps.length > 0 ? { shortestMs: Math.min(...gaps), longestMs: Math.max(...gaps) } : undefined;
}

/** Many relationships share few schedules, and measuring one may take tens of milliseconds. */
const measured = new Map<string, TickGaps | undefined>();
const MAX_MEASURED = 500;

/** Shortest and longest time between two ticks, in milliseconds, as at most 1,000 ticks show. */
export function tickGaps(expression: string): TickGaps | undefined {
  if (!measured.has(expression)) {
    if (measured.size >= MAX_MEASURED) measured.clear();
    measured.set(expression, measureGaps(expression));
  }
  return measured.get(expression);
}

/** The name as the time zone database writes it; undefined where it has none such. */
function canonicalZone(timezone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** What is wrong with the name of a time zone; undefined where nothing is. */
export function checkTimezone(timezone: string): { message: string; suggestion?: string } | undefined {
  const canonical = canonicalZone(timezone);
  const differsInCase = canonical?.toLowerCase() === timezone.toLowerCase() && canonical !== timezone;
  // An offset such as +01:00 is none of the names that a Schedule takes; an older name of a zone is.
  if (canonical && !differsInCase && /^[A-Z]/.test(timezone)) return undefined;
  const names = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const byCity = names.find((name) =>
    name.toLowerCase().endsWith(`/${timezone.toLowerCase().replaceAll(' ', '_')}`),
  );
  const suggestion = (differsInCase ? canonical : undefined) ?? byCity ?? suggest(timezone, names);
  return {
    message: `no time zone is called "${timezone}"; names are such as Europe/Paris`,
    ...(suggestion && { suggestion }),
  };
}
