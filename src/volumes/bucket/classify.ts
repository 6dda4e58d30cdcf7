/** What the endings of rclone mean. Pure. */
import { type ErrorType, TidemarkError } from '../../model/errors';
import type { RunResult } from '../../hosts/contract';
import { tailOf } from '../../hosts/run-checked';
import type { Bucket } from './rclone';

interface Rule {
  says: RegExp;
  type: ErrorType;
  message: string;
  hint: string;
}

/** The first that fits; what a store says of keys comes before what it says of being slow. */
const RULES: readonly Rule[] = [
  {
    says: /didn't find section in config file|unknown backend|couldn't find type field|failed to (decrypt|reveal)|illegal base64/i,
    type: 'AuthRejected',
    message: 'rclone does not understand its configuration',
    hint: 'correct the section in its credentials: rclone config has made one that works',
  },
  {
    says: /no space left on device|disk quota exceeded|QuotaExceeded|EntityTooLarge|507 Insufficient Storage/i,
    type: 'TargetFull',
    message: 'the store has no room left',
    hint: 'make room there, or keep fewer recovery points (spec.retain)',
  },
  {
    says: /Access ?Denied|InvalidAccessKeyId|SignatureDoesNotMatch|Expired ?Token|InvalidToken|Forbidden|Unauthorized|\b40[13]\b|permission denied|unable to authenticate/i,
    type: 'AuthRejected',
    message: 'the store does not let this agent in',
    hint: 'correct the keys in its credentials, or what they may do',
  },
  {
    says: /connection refused|no such host|i\/o timeout|deadline exceeded|connection reset|network is unreachable|no route to host|SlowDown|ServiceUnavailable|TooManyRequests|\b50[0234]\b|\b429\b|EOF|canceled by user|Temporary/i,
    type: 'HostUnreachable',
    message: 'the store does not answer',
    hint: 'it resumes by itself once the store answers again',
  },
];

/** What rclone said, as people read it: its log is JSON. */
function linesOf(stderr: string): string[] {
  return stderr.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return line.trim() === '' ? [] : [line];
    try {
      const { msg, level, object, stats } = JSON.parse(line) as Record<string, unknown>;
      if (stats !== undefined || typeof msg !== 'string') return [];
      if (level !== 'error' && level !== 'critical' && level !== 'notice') return [];
      return [typeof object === 'string' ? `${object}: ${msg}` : msg];
    } catch {
      return [line];
    }
  });
}

/** The same, each line once, and no more than the last of them. */
export const wordsOf = (stderr: string): string => tailOf([...new Set(linesOf(stderr))].join('\n'));

const VANISHED =
  /failed to open source object: .*(no such file or directory|not found|does not exist)|source file is being updated|corrupted on transfer/i;

/** All that rclone complained of is objects that were moved away or replaced just as it read them. */
export function isVanishing({ stderr }: Pick<RunResult, 'stderr'>): boolean {
  const lines = linesOf(stderr);
  return lines.length > 0 && lines.every((line) => VANISHED.test(line));
}

/** The error for a run that failed, in rclone's own words. */
export function classifyEnding(
  { host, volume }: Pick<Bucket, 'host' | 'volume'>,
  args: readonly string[],
  { exitCode, stderr }: RunResult,
): TidemarkError {
  const toolMessage = wordsOf(stderr);
  const about = { host: host.name, volume: volume.path, ...(toolMessage && { toolMessage }) };
  const rule = RULES.find(({ says }) => says.test(toolMessage));
  if (rule) return new TidemarkError(rule.type, rule.message, { ...about, hint: rule.hint });
  const command = args.find((arg) => /^[a-z]+$/.test(arg)) ?? '';
  return new TidemarkError('ToolFailed', `rclone ${command} ended with exit code ${exitCode}`, about);
}
