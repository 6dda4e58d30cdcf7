/** What `tidemark get --check` tells a monitoring system: in the form, and with the exit codes, of Nagios' plugins. */
import { DOWN_AT, HEALTHS, WARN_AT } from '../model/health';
import type { Health } from '../model/health';
import type { RelationshipSummary, TargetSummary } from '../model/summary';
import type { ExitCode } from './exit-codes';
import { oneLine } from './text';

/** Exit codes of `--check`: not those of every other command. */
export const CHECK_CODES = {
  0: 'up',
  1: 'warn',
  2: 'down',
  3: 'not known: Temporal or the control worker does not answer, or there is no such relationship',
} as const;

const UNKNOWN = 3;

interface Checked {
  status: Health | 'external';
  text: string;
}

const rank = (status: Checked['status']) => (status === 'external' ? -1 : HEALTHS.indexOf(status));

/** A line for each target, and one for what waits for somebody. */
function linesOf({ name, paused, operation, targets }: RelationshipSummary): Checked[] {
  const isPaused = paused ? ', paused' : '';
  const waiting = operation?.waiting;
  return [
    ...(waiting
      ? [{ status: 'warn' as const, text: `${name}: ${operation.kind} waits: ${waiting.text}` }]
      : []),
    ...targets.map((target) => ({
      status: target.status,
      text: `${name}: ${target.name} ${target.statusReason}${isPaused}`,
    })),
  ];
}

/** `'wiki/gamma'=7500s;7200;10800;0`: the lag, and from where on it warns and is down. */
function perfdata(name: string, { name: target, lagSeconds, promised, status }: TargetSummary): string[] {
  if (status === 'external') return [];
  const limits = promised ? `${promised.seconds * WARN_AT};${promised.seconds * DOWN_AT}` : ';';
  return [`'${name}/${target}'=${lagSeconds === null ? 'U' : `${lagSeconds}s;${limits};0`}`];
}

/** The worst first, since monitoring shows the first line; that has the numbers of all. */
export function formatCheck(summaries: readonly RelationshipSummary[]): string {
  const lines = summaries
    .flatMap(linesOf)
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

/** That of the worst; of none at all, that it is not known. */
export function checkCode(summaries: readonly RelationshipSummary[]): ExitCode {
  const codes = summaries.map(({ status }) => rank(status));
  return codes.length === 0 ? UNKNOWN : (Math.max(...codes) as ExitCode);
}

export { UNKNOWN as UNKNOWN_CODE };
