/** What the endings of restic mean. Pure. */
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { type ErrorDetails, type ErrorType, TidemarkError } from '../../model/errors';
import type { RunResult } from '../../hosts/contract';
import { tailOf } from '../../hosts/run-checked';
import type { Repository } from './restic';

const ExitErrorSchema = z.object({ message_type: z.literal('exit_error'), message: z.string() });

interface Rule {
  exitCode?: number;
  says?: RegExp;
  type: ErrorType;
  message: string;
  hint: string;
}

const AWAY = {
  type: 'HostUnreachable',
  message: 'the store does not answer',
  hint: 'it resumes by itself once the store answers again',
} as const;

/** Exit codes: https://restic.readthedocs.io/en/stable/075_scripting.html */
const RULES: readonly Rule[] = [
  {
    exitCode: 10,
    type: 'VolumeMissing',
    message: 'there is no repository',
    hint: 'correct its URL in the spec; the first sync makes one where there is none',
  },
  {
    exitCode: 12,
    type: 'AuthRejected',
    message: 'the password does not open the repository',
    hint: 'correct RESTIC_PASSWORD in its credentials; a repository is there, of another password',
  },
  {
    exitCode: 11,
    type: 'VolumeBusy',
    message: 'somebody else has locked the repository',
    hint: 'it resumes by itself; a lock of a machine that is gone counts for half an hour: see restic list locks',
  },
  {
    says: /ciphertext verification failed|hash mismatch|invalid data returned|is damaged|failed to load tree|could not find|file is too short|walking tree .*(no such file|does not exist|not found)|repository contains errors/i,
    type: 'VerificationFailed',
    message: 'the repository is damaged',
    hint: 'see what is lost: restic check --read-data; other recovery points may be whole',
  },
  {
    says: /snapshot is empty/,
    type: 'UnsupportedCapture',
    message: 'the source holds nothing that could be backed up, and restic makes no snapshot of nothing',
    hint: 'fill it, or correct resticExclude in the spec; the recovery points are whole',
  },
  {
    says: /no space left on device|disk quota exceeded|QuotaExceeded|507 Insufficient Storage/i,
    type: 'TargetFull',
    message: 'the store has no room left',
    hint: 'make room there, or keep fewer recovery points (spec.retain)',
  },
  {
    says: /Access ?Denied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|\b40[13]\b|permission denied/i,
    type: 'AuthRejected',
    message: 'the store does not let this agent in',
    hint: 'correct the keys in its credentials, or what they may do',
  },
  {
    says: /connection refused|no such host|i\/o timeout|deadline exceeded|connection reset|network is unreachable|no route to host|retrying after|\b50[0234]\b|\b429\b|EOF/i,
    ...AWAY,
  },
];

/** A line of JSON, as `--json` has restic say of what it ends. */
function readEnding(line: string): string {
  const { success, data } = ExitErrorSchema.safeParse(parseJson(line));
  return success ? data.message : line;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What it said, as people read it: at its end restic says in JSON what it may have said before. */
function wordsOf(text: string): string {
  const lines = stripVTControlCharacters(text).split('\n');
  const said = tailOf(lines.filter((line) => !line.startsWith('{"message_type":')).join('\n'));
  return said || tailOf(lines.map(readEnding).join('\n'));
}

/** The packs that `restic check` could not read, or did not find. */
export const brokenPacks = (said: string): string[] => [
  ...new Set([...said.matchAll(/\bpack ([0-9a-f]{64})\b/g)].map(([, id = '']) => id)),
];

/** How often restic has tried a store again. */
export const countRetries = (stderr: string): number =>
  stderr.match(/returned error, retrying after/g)?.length ?? 0;

/** What an error tells besides: where it was, and what restic said. */
function aboutOf({ host, volume }: Pick<Repository, 'host' | 'volume'>, said: string): ErrorDetails {
  const toolMessage = wordsOf(said);
  return { host: host.name, volume: volume.path, ...(toolMessage && { toolMessage }) };
}

/** A store that was given up. */
export function storeIsAway(
  repository: Pick<Repository, 'host' | 'volume'>,
  said: string,
  cause: unknown,
): TidemarkError {
  const { type, message, hint } = AWAY;
  return new TidemarkError(type, message, { ...aboutOf(repository, said), hint }, { cause });
}

/** The error for a run that failed, in restic's own words. */
export function classifyEnding(
  repository: Pick<Repository, 'host' | 'volume'>,
  args: readonly string[],
  { exitCode, stderr, stdout }: RunResult,
): TidemarkError {
  const said = stderr.trim() === '' ? stdout.toString() : stderr;
  const rule = RULES.find(
    (each) => each.exitCode === exitCode || (each.says !== undefined && each.says.test(said)),
  );
  const about = aboutOf(repository, said);
  if (rule) return new TidemarkError(rule.type, rule.message, { ...about, hint: rule.hint });
  const command = args.find((arg) => /^[a-z]+$/.test(arg)) ?? '';
  return new TidemarkError('ToolFailed', `restic ${command} ended with exit code ${exitCode}`, about);
}
