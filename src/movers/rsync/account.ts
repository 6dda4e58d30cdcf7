/**
 * rsync as what talks to an account of somebody else's, beside transfers: small files, and a look at what is there. The kind
 * `peer` imports this and nothing else of the rsync mover; lint holds it.
 */
import type { Host, Runner, RunOptions, RunResult } from '../../hosts/contract';
import type { Landing } from '../../landings/contract';
import { destinationOf, LANDING_ALIAS, prepareAccount, SSH_ARGV, connectBy } from '../../landings/ssh-client';
import type { TidemarkError } from '../../model/errors';
import { classifyEnding } from './classify';
import { PARTIAL_FOLDER_OF_ACCOUNT } from './options';

/** What an interrupted transfer has left there, in whatever folder. */
export const LEFT_BY_TRANSFERS = PARTIAL_FOLDER_OF_ACCOUNT;

/** What is small is done within this, or the line is as good as dead. */
const SMALL_MS = 60_000;

/** An account, and the folder of our own from which it is talked to. */
export interface AccountLine {
  host: Host;
  /** Where rsync and ssh run, and the folder is. */
  runner: Runner;
  landing: Landing;
  folder: string;
}

/** What lies there, as rsync names it. @param path below the folder */
export const there = ({ account }: Landing, path?: string): string =>
  `${LANDING_ALIAS}:${account ? destinationOf(account, path) : ''}`;

/** Runs rsync, whatever its exit code. @param args with {@link there} as its source or destination */
export async function runRsyncThere(
  { host, runner, landing, folder }: AccountLine,
  args: readonly string[],
  options: RunOptions = { timeoutMs: SMALL_MS },
): Promise<RunResult> {
  const cwd = await prepareAccount(host, runner, landing, folder);
  return await runner.run(['rsync', '--timeout=30', ...connectBy(landing), ...args], { ...options, cwd });
}

/** Runs a command of the account, whatever its exit code. */
export async function runCommand(
  { host, runner, landing, folder }: AccountLine,
  command: string,
): Promise<RunResult> {
  const cwd = await prepareAccount(host, runner, landing, folder);
  return await runner.run([...SSH_ARGV, LANDING_ALIAS, command], { cwd, timeoutMs: SMALL_MS });
}

/** Long enough for the other end to note what came, and to put its links right. */
const NOTED_SECONDS = 600;

/** Of a daemon behind TLS: the file that says there that all was pushed. What is in it does not matter. */
export async function sendComplete(line: AccountLine): Promise<RunResult> {
  const file = `${line.folder}/complete`;
  await line.runner.files.write(file, 'complete\n');
  const args = [`--timeout=${NOTED_SECONDS}`, '--', file, `${LANDING_ALIAS}::control/complete`];
  return await runRsyncThere(line, args, { timeoutMs: 1.1 * NOTED_SECONDS * 1000 });
}

/** The error for an ending that is no success. @param volume as users call it */
export function explainEnding(
  { host, landing: { address, port } }: AccountLine,
  volume: string,
  { exitCode, stderr, stdout }: RunResult,
): TidemarkError {
  const said = stderr.trim() === '' ? stdout.toString() : stderr;
  const about = {
    host: host.name,
    address: `${address}:${port}`,
    sourcePath: volume,
    isAccount: true,
  } as const;
  return classifyEnding({ ...about, exitCode, stderr: said });
}
