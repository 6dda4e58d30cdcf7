/** restic, run on one repository: with its credentials in the environment, and its failures in classified errors. */
import { join } from 'node:path';
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import type { Host, Runner, RunOptions, RunResult } from '../../hosts/contract';
import { checkVersion } from '../../hosts/tool-version';
import { namespaceOf, toolsOf } from '../pvc';
import { classifyEnding, countRetries, storeIsAway } from './classify';

const LIGHT_MS = 60_000;
/** It tells of all snapshots at once: one that says what it was made of takes a kilobyte or two, and there may be many. */
const MOST_SAID_BYTES = 256 * 2 ** 20;
/** Of restic's own, which take some 8 s. */
const RETRIES = 3;

/** One repository, and where programs run that work with it. */
export interface Repository {
  host: Host;
  runner: Runner;
  volume: Volume;
}

/** @param runner left out: this host, or a pod of the cluster that it is */
export const repositoryAt = (host: Host, volume: Volume, runner?: Runner): Repository => ({
  ...{ host, runner: runner ?? toolsOf({ host, volume }), volume },
});

/** Variables of which restic takes its password. */
const PASSWORDS = ['RESTIC_PASSWORD', 'RESTIC_PASSWORD_FILE', 'RESTIC_PASSWORD_COMMAND'];

/** Whether a URL is another one, or below it. */
const liesIn = (url: string, only: string): boolean =>
  url === only || url.startsWith(only.endsWith('/') ? only : `${only}/`);

/** A URL without the account and password that may stand in it: as a spec may have it. */
export const withoutAccount = (url: string): string => url.replace(/(:\/\/)[^/@]*@/, '$1');

/** @throws TidemarkError `AuthRejected` where they can't be had */
async function readEnvironment({
  host,
  volume,
}: Pick<Repository, 'host' | 'volume'>): Promise<Record<string, string>> {
  const { credentials: name } = volume.options ?? {};
  const about = { host: host.name, volume: volume.path };
  if (name === undefined) {
    throw new TidemarkError('AuthRejected', 'nothing says which password the repository has', {
      ...about,
      hint: `name it in the spec: credentials: NAME, ${host.cluster ? `a Secret of namespace ${namespaceOf({ volume })} with the field RESTIC_PASSWORD` : 'a file of the --credentials folder with RESTIC_PASSWORD=…'}`,
    });
  }
  const found = await host.credentials?.readVariables(name, namespaceOf({ volume }));
  const { RESTIC_REPOSITORY: only, ...variables } = found ?? {};
  // Keys are shown to whoever answers at the URL, and a spec may name any.
  const isNamed = only !== undefined && only !== volume.path && withoutAccount(only) === volume.path;
  if (only !== undefined && !isNamed && !liesIn(volume.path, only)) {
    throw new TidemarkError('AuthRejected', `credentials ${name} are for ${only} alone`, {
      ...about,
      hint: 'correct the repository or the credentials in the spec',
    });
  }
  // What of its name is a secret is told by the environment, and is no argument.
  const whole = isNamed ? { RESTIC_REPOSITORY: only } : {};
  if (PASSWORDS.some((key) => variables[key])) return { ...variables, ...whole };
  throw new TidemarkError('AuthRejected', `credentials ${name} have no password for the repository`, {
    ...about,
    hint: host.cluster
      ? `add the field RESTIC_PASSWORD to Secret ${namespaceOf({ volume })}/${name}`
      : 'add a line RESTIC_PASSWORD=…',
  });
}

/** Runs restic; the exit codes that are no success are for the caller to judge. */
export async function runRestic(
  repository: Repository,
  args: readonly string[],
  { env, ...options }: RunOptions = {},
): Promise<RunResult> {
  const { host, runner, volume } = repository;
  const variables = await readEnvironment(repository);
  // The image of a pod was chosen with it.
  if (runner === host) await checkVersion(host, 'restic');
  const cache = join(runner.scratch, 'restic-cache');
  const named = variables['RESTIC_REPOSITORY'] === undefined ? ['--repo', volume.path] : [];
  return await runner.run(['restic', ...named, '--cache-dir', cache, ...args], {
    ...options,
    env: { RESTIC_PROGRESS_FPS: '2', ...variables, ...env },
  });
}

/** restic's exit code where somebody else works with the repository, or was killed while they did. */
const LOCKED = 11;
/** A backup of another relationship into the same repository may take long; a point is not lost for that. */
const WAIT_FOR_LOCK_MS = 5 * 60_000;

/**
 * Runs restic, past locks: one whose owner is dead is removed. restic takes those for dead whose process is gone from this
 * machine, or that are half an hour old. One of somebody who lives is waited for.
 */
export async function runPastLocks(
  repository: Repository,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const result = await runRestic(repository, args, options);
  if (result.exitCode !== LOCKED) return result;
  const { timeoutMs } = options;
  await runRestic(repository, ['unlock'], { timeoutMs: LIGHT_MS });
  return await runRestic(repository, [`--retry-lock=${WAIT_FOR_LOCK_MS / 1000}s`, ...args], {
    ...options,
    ...(timeoutMs !== undefined && { timeoutMs: timeoutMs + WAIT_FOR_LOCK_MS }),
  });
}

function check(
  repository: Repository,
  args: readonly string[],
  result: RunResult,
  allowed: readonly number[],
): RunResult {
  if (result.exitCode === 0 || allowed.includes(result.exitCode)) return result;
  throw classifyEnding(repository, args, result);
}

/**
 * The same for what must succeed.
 * @param allowed further exit codes that are no failure
 * @throws TidemarkError as `classifyEnding` has it
 */
export async function runResticChecked(
  repository: Repository,
  args: readonly string[],
  options: RunOptions = {},
  allowed: readonly number[] = [],
): Promise<RunResult> {
  return check(repository, args, await runPastLocks(repository, args, options), allowed);
}

/**
 * Gives up a store that does not answer. restic itself tries it again for a quarter of an hour, which is too long where
 * nothing has come of it yet: whoever called tries again as well.
 */
export class Patience {
  private readonly givingUp = new AbortController();
  private said = '';
  private hasOpened = false;

  constructor(private readonly repository: Repository) {}

  get signal(): AbortSignal {
    return this.givingUp.signal;
  }

  readonly onStderr = (chunk: Buffer): void => {
    if (this.hasOpened) return;
    this.said += chunk.toString();
    if (countRetries(this.said) >= RETRIES) this.givingUp.abort(new Error('the store does not answer'));
  };

  /** What was sent is worth waiting for. */
  readonly onOpened = (): void => {
    this.hasOpened = true;
  };

  /** The error for a run that was ended. @param isLate for its time */
  explain(error: unknown, isLate = false): unknown {
    return isLate || this.signal.aborted ? storeIsAway(this.repository, this.said, error) : error;
  }
}

/** The same for what reads or writes little. */
export async function runLight(
  repository: Repository,
  args: readonly string[],
  allowed: readonly number[] = [],
): Promise<RunResult> {
  const patience = new Patience(repository);
  const { signal, onStderr } = patience;
  const options = { timeoutMs: LIGHT_MS, signal, onStderr, maxOutputBytes: MOST_SAID_BYTES };
  const result = await runPastLocks(repository, args, options).catch((error: unknown) => {
    // So a run fails that was ended for its time: what restic itself ended with is judged below.
    throw patience.explain(error, error instanceof TidemarkError && error.type === 'ToolFailed');
  });
  return check(repository, args, result, allowed);
}
