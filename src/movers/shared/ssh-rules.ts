/**
 * From exit codes and messages to classified errors: the rules of ssh and of the locked writer, which every mover's own
 * table begins or ends with, and how a table is applied. Pure.
 */
import { type ErrorType, TidemarkError } from '../../model/errors';
import { LOCK_CONFLICT } from './lock-writer';

/** How a transfer ended, and what it was about. */
export interface Ending {
  exitCode: number;
  stderr: string;
  /** The source's host. */
  host: string;
  sourcePath: string;
  targetHost?: string;
  /** Where the landing is: `192.0.2.7:2222`. */
  address: string;
  /** It is an account of somebody else's. */
  isAccount?: true;
}

export interface Rule {
  exitCodes?: readonly number[];
  /** Looked for in rsync's and ssh's messages, line by line. */
  says?: RegExp;
  type: ErrorType;
  message: (ending: Ending) => string;
  hint?: string;
  /** Where the cause lies. */
  at: 'source' | 'target';
}

export const target = ({ targetHost, address, isAccount }: Ending) =>
  isAccount ? address : targetHost === undefined ? 'the target' : `host ${targetHost}`;

/**
 * What ends ssh before anything is sent. The exit code is ssh's, or rsync's own for a broken pipe, where
 * that has noticed first: measured under load.
 */
const NEVER_CONNECTED = [255, 10, 12];

/** ssh's own words never begin with `rsync`. */
export const SSH: readonly Rule[] = [
  {
    exitCodes: NEVER_CONNECTED,
    says: /^(?!rsync).*(Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key is known for)/,
    type: 'HostKeyMismatch',
    message: (ending) => `what answers at ${ending.address} is not the sshd of ${target(ending)}`,
    hint: 'something else listens there, or the connection is intercepted: compare the address with the agent of the target',
    at: 'target',
  },
  {
    exitCodes: NEVER_CONNECTED,
    says: /^(?!rsync).*(Permission denied \(|Too many authentication failures|no such identity|Load key ".*":)/,
    type: 'AuthRejected',
    message: (ending) =>
      `the landing at ${ending.address} does not accept the key of this transfer (closed or expired?)`,
    hint: 'run the sync again: it opens a new landing',
    at: 'target',
  },
  {
    exitCodes: NEVER_CONNECTED,
    says: /^No user exists for uid \d+/,
    type: 'ToolMissing',
    message: () => 'OpenSSH does not know the user that programs run as',
    hint: 'give that user a line in /etc/passwd of the image, or mount a file over it',
    at: 'source',
  },
  {
    exitCodes: NEVER_CONNECTED,
    // The last: what ssh makes of a first packet that a new service of Kubernetes lost, until its rules are in place.
    says: /^(?!rsync|Read from remote host|client_loop).*(Connection refused|Connection timed out|No route to host|Network is unreachable|Could not resolve hostname|Name or service not known|Connection closed by .* port|kex_exchange_identification|banner exchange|ssh_dispatch_run_fatal: .*Resource temporarily unavailable)/,
    type: 'HostUnreachable',
    message: (ending) => `${target(ending)} can't be reached at ${ending.address}`,
    hint: "is the target's agent running, and is this address and port open from here?",
    at: 'target',
  },
  {
    // Whatever the exit code: rsync ends with its own where ssh's comes too late.
    says: /^(env: .{1,3}(rsync|flock).{1,3}: No such file or directory|flock: failed to execute rsync: .*)/,
    type: 'ToolMissing',
    message: (ending) => `rsync or flock is missing at ${target(ending)}`,
    hint: 'install it there: apt-get install rsync util-linux',
    at: 'target',
  },
];

/** The same for every tool: its writer did not get the lock. */
export const STILL_WRITING: Rule = {
  exitCodes: [LOCK_CONFLICT],
  type: 'VolumeBusy',
  message: (ending) => `an earlier transfer still writes at ${target(ending)}`,
  hint: 'it ends as soon as its connection is found dead, and the next attempt goes on',
  at: 'target',
};

const MAX_LINES = 12;

const MAX_LINE = 300;

/** Before each line of stunnel's: the time, which is another one at each try. */
const OF_STUNNEL = /^[\d.]+ [\d:]+ LOG\d\[\w+\]: /;
/** What stunnel says of connections that went well, too. */
const NOISE = /LOG\d\[\w+\]: (No trusted certificates found|transfer: s_poll_wait: TIMEOUTclose exceeded)/;

/** rsync's telling lines: what repeats or only sums up is left out, the rest shortened. */
export function shortenMessages(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('file has vanished') && !NOISE.test(line))
    .map((line) => line.replace(OF_STUNNEL, 'stunnel: '));
  const telling = lines.filter((line) => !/^rsync error: /.test(line));
  const chosen = [...new Set(telling.length > 0 ? telling : lines)];
  const shown = chosen
    .slice(0, MAX_LINES)
    .map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line));
  if (chosen.length > MAX_LINES) shown.push(`… and ${chosen.length - MAX_LINES} more lines`);
  return shown.join('\n');
}

/** The error by the first rule that fits. @param tool what failed where none does */
export function applyRules(rules: readonly Rule[], ending: Ending, tool: string): TidemarkError {
  const lines = ending.stderr.split(/\r?\n/);
  const rule = rules.find(
    ({ exitCodes, says }) =>
      (exitCodes?.includes(ending.exitCode) ?? true) && (!says || lines.some((line) => says.test(line))),
  );
  const isAtTarget = rule?.at === 'target';
  const where = isAtTarget
    ? { ...(ending.targetHost && { host: ending.targetHost }) }
    : { host: ending.host, volume: ending.sourcePath };
  return new TidemarkError(
    rule?.type ?? 'ToolFailed',
    rule?.message(ending) ?? `${tool} failed with exit code ${ending.exitCode}`,
    { ...where, toolMessage: shortenMessages(ending.stderr), ...(rule?.hint && { hint: rule.hint }) },
  );
}
