/** `tidemark up`: Temporal, the control worker and two agents on this machine, kept running. */
import { existsSync } from 'node:fs';
import { mkdir, realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder } from '../hosts/local/folder-lock';
import { ClientError, tellError } from '../client/exit-codes';
import { formatError } from '../client/format-error';
import type { Temporal } from '../client/temporal-client';
import { formatTime } from '../client/text';
import { TidemarkError } from '../model/errors';
import { endLeftOvers } from './left-overs';
import { LOCAL_HOSTS, TEMPORAL_CONFIG, temporalConfigPath } from './parts';
import { ensureQuickStart, QUICK_START } from './quick-start';
import type { QuickStart } from './quick-start';
import { makeReporter } from './reporter';
import type { Reporter } from './reporter';
import { ensureTokens } from './tokens';
import { showSummary } from './show';
import { startOnFreePorts, stopAll } from './start';
import { readLastUpState, readUpState, startTimeOf, upStatePath } from '../client/up-state';
import type { UpPorts, UpState } from '../client/up-state';
import { watchSyncs } from './watch';
import type { UpOptions } from './options';

export { startDetached } from './detach';
export { takeDown } from './down';

/** The folder is this process's alone. @throws ClientError `AlreadyRunning` saying where the other is. */
function takeHome(home: string): { release(): void } {
  try {
    return lockFolder(home, 'the state of tidemark up');
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    const other = readUpState(home);
    const where = other
      ? `, process ${other.pid}: http://127.0.0.1:${other.ports.ui} is its Temporal UI`
      : '';
    throw new ClientError('AlreadyRunning', `tidemark is up already on ${home}${where}`, {
      hint: 'tidemark down ends it; with another TIDEMARK_HOME a second one runs beside it',
    });
  }
}

async function writeState(home: string, ports: UpPorts, tokensPath?: string): Promise<UpState> {
  const startTime = startTimeOf(process.pid) ?? '';
  const startedAt = new Date().toISOString();
  const state: UpState = {
    pid: process.pid,
    startTime,
    ports,
    startedAt,
    ...(tokensPath !== undefined && { tokensPath }),
  };
  const draft = `${upStatePath(home)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  await rename(draft, upStatePath(home));
  return state;
}

/** Makes a state folder; answers its real path. */
export async function makeFolders(home: string): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  for (const folder of ['log', 'temporal', 'control', ...LOCAL_HOSTS.map((host) => `hooks/${host}`)]) {
    await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
  }
  const real = await realpath(home);
  await writeFile(temporalConfigPath(real), TEMPORAL_CONFIG);
  return real;
}

/** Aborts at Ctrl-C and TERM; a second one, later, ends everything at once. */
function stopSignal(reporter: Reporter): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const stop = () => {
    if (firstAt === 0) {
      firstAt = performance.now();
      reporter.say('ending everything …');
      controller.abort(new ClientError('Cancelled', 'ended'));
      // A launcher between the terminal and this process may pass the same Ctrl-C on.
    } else if (performance.now() - firstAt > 1000) process.exit(1);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  if (!reporter.detached) process.on('SIGHUP', stop);
  return controller.signal;
}

/** An example that can't be made is no reason not to be up. */
async function prepareQuickStart(
  temporal: Temporal,
  home: string,
  firstTime: boolean,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<QuickStart | undefined> {
  reporter.say('quick start …');
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([ensureQuickStart(temporal, home, firstTime), aborted]);
  } catch (error) {
    signal.throwIfAborted();
    reporter.say(formatError(tellError(error)));
    reporter.say('the quick start could not be made; everything else is there');
    return undefined;
  }
}

async function stayUntil(signal: AbortSignal): Promise<void> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

async function run(options: UpOptions, home: string, reporter: Reporter, signal: AbortSignal): Promise<void> {
  const leftOvers = await endLeftOvers(home);
  if (leftOvers > 0) reporter.say(`ended ${leftOvers} processes that an earlier tidemark up had left`);
  const tokensPath = options.allowActions ? ensureTokens(home) : undefined;
  const firstTime = !existsSync(join(home, 'temporal', 'temporal.db'));
  const { parts, ports, temporal } = await startOnFreePorts({
    home,
    ...(options.notify !== undefined && { notify: options.notify }),
    asked: options.ports,
    last: readLastUpState(home)?.ports,
    say: (text) => reporter.say(`${formatTime(new Date().toISOString()).slice(11)}  ${text}`),
    reporter,
    signal,
    ...(tokensPath !== undefined && { tokensPath }),
    onChosen: (chosen) => writeState(home, chosen, tokensPath),
  });
  try {
    const state = await writeState(home, ports, tokensPath);
    const quickStart = options.quickStart
      ? await prepareQuickStart(temporal, home, firstTime, reporter, signal)
      : undefined;
    reporter.say(showSummary(home, state, quickStart));
    reporter.ready();
    const watching = options.quickStart ? watchSyncs(temporal, QUICK_START, reporter.say, signal) : undefined;
    await stayUntil(signal);
    await watching;
    await temporal.client.connection.close();
  } finally {
    await stopAll(parts, home);
  }
}

/** Runs until Ctrl-C or TERM. Answers the exit code. @throws ClientError saying what does not work. */
export async function runUp(options: UpOptions): Promise<number> {
  const reporter = makeReporter();
  const home = await makeFolders(options.home);
  const lock = takeHome(home);
  const signal = stopSignal(reporter);
  try {
    await run(options, home, reporter, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    lock.release();
  }
  reporter.say('everything has ended; `npm start` or `tidemark up` goes on where it was');
  return 0;
}
