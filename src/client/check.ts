/** What `tidemark get --check` tells a monitoring system: in the form, and with the exit codes, of Nagios' plugins. */
import { DOWN_AT, HEALTHS, WARN_AT } from '../model/health';
import type { Health } from '../model/health';
import type { RelationshipSummary, TargetSummary } from '../model/summary';
import type { ExitCode } from './exit-codes';
import type { Unknown } from './temporal-client';
import { oneLine } from './text';

/** Exit codes of `--check`: not those of every other command. */
export const CHECK_CODES = {
  0: 'up',
  1: 'warn',
  2: 'down',
  3: 'not known: something does not answer, and what does is up; or there is no such relationship',
} as const;

const UNKNOWN = 3;

interface Checked {
  status: Health | 'unknown';
  text: string;
}

/** From well to bad, as plugins of Nagios have it: what is not known is worse than well, and better than wrong. */
const ORDER: readonly Checked['status'][] = ['up', 'unknown', 'warn', 'down'];
const rank = (status: Checked['status']) => ORDER.indexOf(status);

/** A line for each target. */
function linesOf({ name, paused, targets, status, statusReason }: RelationshipSummary): Checked[] {
  if (targets.length === 0) return [{ status, text: `${name}: ${statusReason}` }];
  const isPaused = paused ? ', paused' : '';
  return targets.map((target) => ({
    status: target.status,
    text: `${name}: ${target.name} ${target.statusReason}${isPaused}`,
  }));
}

/** `'wiki/gamma'=7500s;7200;10800;0`: the lag, and from where on it warns and is down. */
function perfdata(name: string, { name: target, lagSeconds, promised }: TargetSummary): string[] {
  const limits = promised ? `${promised.seconds * WARN_AT};${promised.seconds * DOWN_AT}` : ';';
  return [`'${name}/${target}'=${lagSeconds === null ? 'U' : `${lagSeconds}s;${limits};0`}`];
}

/** The worst first, since monitoring shows the first line; that has the numbers of all. */
export function formatCheck(
  summaries: readonly RelationshipSummary[],
  unknown: readonly Unknown[] = [],
): string {
  const lines = [
    ...summaries.flatMap(linesOf),
    ...unknown.map(({ name, why }) => ({
      status: 'unknown' as const,
      text: `${name ?? 'tidemark'}: ${why}`,
    })),
  ]
    .toSorted((one, other) => rank(other.status) - rank(one.status))
    // A bar begins the numbers.
    .map(({ status, text }) => `${status.toUpperCase()} ${oneLine(text).replaceAll('|', '/')}`);
  const [first] = lines;
  if (first === undefined) return formatUnknown(undefined, 'there is no relationship to check');
  const numbers = summaries.flatMap(({ name, targets }) => targets.flatMap((each) => perfdata(name, each)));
  return [[first, ...(numbers.length > 0 ? [numbers.join(' ')] : [])].join(' | '), ...lines.slice(1)].join(
    '\n',
  );
}

export function formatUnknown(name: string | undefined, why: string): string {
  return `UNKNOWN ${name ?? 'tidemark'}: ${oneLine(why).replaceAll('|', '/')}`;
}

/** That of the worst; where all is well that is known, but something is not, or there is nothing at all: not known. */
export function checkCode(
  summaries: readonly RelationshipSummary[],
  unknown: readonly Unknown[] = [],
): ExitCode {
  const worst = Math.max(0, ...summaries.map(({ status }) => HEALTHS.indexOf(status))) as ExitCode;
  return worst === 0 && (summaries.length === 0 || unknown.length > 0) ? UNKNOWN : worst;
}

export { UNKNOWN as UNKNOWN_CODE };
