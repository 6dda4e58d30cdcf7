/** Pushes wait while what they brought is read; what is not whole is not read. */
import { join } from 'node:path';
import { LOCK_CONFLICT } from '../../../movers/shared/lock-writer';
import type { Instant } from '../../../model/records';
import { makeError, runTool, type Subject } from '../../shared/tools';
import { parsePushState, type PushState, readersPath, statePath } from './notes';
import { holding, NOT_WHOLE } from './scripts';

/** How names of readers begin: a sync's, which outlives its agent, and anybody else's, who does not. */
export const SYNCS = 'sync-';
export const READS = 'read-';

const HINT = 'the copies that are there stay; the sync comes by itself, with the next push that is completed';

async function isRunning({ host }: Subject, door: string): Promise<boolean> {
  const { exitCode } = await host.run([
    'flock',
    '--nonblock',
    '--conflict-exit-code=75',
    `${door}/lock`,
    'true',
  ]);
  return exitCode === LOCK_CONFLICT;
}

/** What rsync's receiving end says of itself. */
const WHY: ReadonlyMap<number, string> = new Map([
  [11, 'it could not write: the disk may be full'],
  [23, 'files could not be read or written'],
  [25, 'more was to be deleted than its --max-delete allows'],
]);

async function describe(subject: Subject, door: string, state: PushState | undefined): Promise<string> {
  if (!state) return 'nobody has pushed to it yet';
  if (await isRunning(subject, door)) return `a push is under way, since ${state.at}`;
  if (state.state === 'begun') return `a push was broken off that had begun at ${state.at}`;
  if (state.code === 0 || state.code === 24)
    return `a push that ended at ${state.at} waits for the word that it is whole: the command shutdown 0`;
  const why = WHY.get(state.code) ?? 'it was cut off, or refused';
  return `a push ended at ${state.at} without success: rsync says ${state.code}, ${why}`;
}

/**
 * Has pushes wait for `reader`, until that lets go. A second call of one reader answers the same.
 * @param howToPush for whoever has not pushed yet
 * @returns when what is there was completed
 * @throws TidemarkError `PushAwaited`
 */
export async function hold(
  subject: Subject,
  door: string,
  reader: string,
  howToPush: string,
): Promise<Instant> {
  const { files } = subject.host;
  const path = join(readersPath(door), reader);
  const held = parsePushState(await files.read(path));
  if (held) return held.at;
  const refuse = async (state: PushState | undefined) =>
    makeError(subject, 'PushAwaited', await describe(subject, door, state), {
      hint: state ? HINT : howToPush,
    });
  const state = parsePushState(await files.read(statePath(door)));
  if (state?.state !== 'complete') throw await refuse(state);
  const { exitCode } = await runTool(subject, holding(door, reader), {}, [NOT_WHOLE, LOCK_CONFLICT]);
  const taken = exitCode === 0 ? parsePushState(await files.read(path)) : undefined;
  if (taken) return taken.at;
  throw await refuse(parsePushState(await files.read(statePath(door))));
}

/** Nothing there is not an error. */
export async function letGo({ host }: Pick<Subject, 'host'>, door: string, reader: string): Promise<void> {
  await host.files.remove(join(readersPath(door), reader));
}
