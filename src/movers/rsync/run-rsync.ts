/** Runs an rsync client against a landing. */
import type { Host, Runner } from '../../hosts/contract';
import type { Landing } from '../../landings/contract';
import { destinationOf, LANDING_ALIAS, prepareSsh, connectBy } from '../../landings/ssh-client';
import { TidemarkError } from '../../model/errors';
import { formatDuration } from '../../model/units';
import type { TransferId } from '../contract';
import type { Reach } from '../reach';
import { PARTIAL, VANISHED } from './classify';
import { watchClock } from './clock-watch';
import { transferAttempt } from '../shared/names';
import { type Pass, placeholderOf } from './options';
import { makeLineReader } from './output';

export interface RsyncRun {
  id: TransferId;
  /** To what is read. */
  reach: Reach;
  /** One file or folder in it, alone. */
  item?: string;
  landing: Landing;
  options: readonly string[];
  /** By default the main one. */
  pass?: Pass;
  /** Of the pass `content`: the files to compare, a NUL after each. */
  stdin?: Buffer;
  signal: AbortSignal;
  onLine: (line: string) => void;
}

/** Names one directory as long as it exists: another one mounted in its place differs. */
async function identifySource(host: Runner, path: string): Promise<string | undefined> {
  const found = await host.files.stat(`${path}/.`).catch(() => undefined);
  return found && `${found.device}:${found.inode}:${found.type}`;
}

function makeSourceMissing(host: Runner, sourcePath: string, message: string): TidemarkError {
  return new TidemarkError('VolumeMissing', message, {
    host: host.name,
    volume: sourcePath,
    hint: 'mount it, or mend the path in the spec; the recovery points are whole',
  });
}

/** What names the source. @throws TidemarkError `VolumeMissing` where it is not there. */
export async function requireSource(host: Runner, path: string): Promise<string> {
  const found = await identifySource(host, path);
  if (found !== undefined) return found;
  throw makeSourceMissing(host, path, `the source ${path} is not there`);
}

/** With a bandwidth limit, rsync would sleep for as long as its clock was set back. */
function makeSetBack(host: Host, byMs: number): TidemarkError {
  const message = `the clock of host ${host.name} was set back by ${formatDuration(byMs)} during the transfer, and rsync paces itself by it`;
  return new TidemarkError('TransferInterrupted', message, {
    host: host.name,
    hint: 'it resumes by itself where it stopped',
  });
}

/** A client that is run, and from where to where. */
interface ClientRun extends Pick<RsyncRun, 'id' | 'landing' | 'options' | 'stdin' | 'signal' | 'onLine'> {
  /** Where it runs. */
  runner: Runner;
  source: string;
  /** The word by which the landing knows which pass it is. */
  word: string;
}

/** Runs an rsync client to its end, whatever its exit code. A lost attempt has to be ended before. */
export async function runClient(
  host: Host,
  { runner, id, landing, options, source, word, stdin, signal, onLine }: ClientRun,
): Promise<{ exitCode: number; stderr: string }> {
  const cwd = await prepareSsh(host, runner, id, landing);
  const reader = makeLineReader(onLine);
  const there = landing.account ? destinationOf(landing.account) : word;
  const argv = ['rsync', ...options, ...connectBy(landing), '--', source, `${LANDING_ALIAS}:${there}`];
  const setBack = new AbortController();
  const stopWatching = watchClock((byMs) => setBack.abort(makeSetBack(host, byMs)));
  const isPaced = options.some((option) => option.startsWith('--bwlimit='));
  const { exitCode, stderr } = await runner
    .run(argv, {
      cwd,
      signal: isPaced ? AbortSignal.any([signal, setBack.signal]) : signal,
      attempt: transferAttempt(host.home, id),
      ...(stdin && { stdin }),
      onStdout: (chunk) => reader.push(chunk),
      maxOutputBytes: 1024 * 1024,
    })
    .finally(stopWatching);
  reader.end();
  return { exitCode, stderr };
}

/**
 * Ends a lost attempt of this transfer, then runs rsync to its end, whatever its exit code.
 * @throws TidemarkError `VolumeMissing` where the source is not there, or went away meanwhile: then
 * what rsync says of vanished files means nothing.
 */
export async function runRsync(host: Host, request: RsyncRun): Promise<{ exitCode: number; stderr: string }> {
  const { id, reach, item = '', pass = 'main' } = request;
  const { runner, path: sourcePath } = reach;
  await runner.endAttempts(transferAttempt(host.home, id));
  const before = await requireSource(runner, sourcePath);
  const { exitCode, stderr } = await runClient(host, {
    ...request,
    runner,
    // Before the dot is what stays here.
    source: item === '' ? `${sourcePath}/` : `${sourcePath}/./${item}`,
    word: placeholderOf(pass),
  });
  if (
    (exitCode === PARTIAL || exitCode === VANISHED) &&
    (await identifySource(runner, sourcePath)) !== before
  ) {
    throw makeSourceMissing(runner, sourcePath, `the source ${sourcePath} went away during the transfer`);
  }
  return { exitCode, stderr };
}
