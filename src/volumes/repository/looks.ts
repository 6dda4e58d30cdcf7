/** What this agent knows of the snapshots in a repository: by looking, and by what it has changed there itself. */
import { z } from 'zod';
import { namespaceOf } from '../pvc';
import { type Repository, runLight } from './restic';
import { type Snapshot, SnapshotSchema, TAGS } from './stamp';

const SnapshotsSchema = z.array(SnapshotSchema);

/** restic's exit code where there is no repository. */
const MISSING = 10;
/**
 * Each look opens the repository, which takes half a second: its key is made slow to find. The steps of one sync ask the
 * same, one right after the other.
 */
const FRESH_MS = 5_000;

/** What was seen so lately is still fresh when the step after a short backup asks. */
const LATELY_MS = 2_500;

interface Look {
  at: number;
  /** Undefined where there is no repository. */
  found: Promise<Snapshot[] | undefined>;
}

const looks = new Map<string, Look>();

/** Whoever has other credentials looks for themselves. */
const keyOf = ({ host, volume }: Pick<Repository, 'host' | 'volume'>) =>
  JSON.stringify([
    host.home,
    volume.path,
    volume.options?.credentials,
    volume.options?.layout,
    namespaceOf({ volume }),
  ]);

/** Something may have changed that nobody knows: what was seen before is not taken for what is there. */
export function forgetLooks(repository: Repository): void {
  looks.delete(keyOf(repository));
}

/** This agent has made the repository: nothing is in it yet. */
export function noteEmpty(repository: Repository): void {
  looks.set(keyOf(repository), { at: performance.now(), found: Promise.resolve([]) });
}

/**
 * This agent has changed something, and knows what came of it.
 * @param change may be told of what was seen before it or after: gives the same both times
 */
export function noteChange(repository: Repository, change: (before: Snapshot[]) => Snapshot[]): void {
  const known = looks.get(keyOf(repository));
  if (!known) return;
  known.found = known.found.then((before) => before && change(before));
  // Told to whoever asks.
  known.found.catch(() => undefined);
}

/** By repository: what was begun, and not waited for. */
const unfinished = new Map<string, Promise<void>>();
const failed = new Set<string>();

/** Lets something go on that changes a repository: whoever looks next waits for it. */
export function goOn(repository: Repository, work: Promise<void>): void {
  const key = keyOf(repository);
  const mine = work
    .catch(() => {
      failed.add(key);
    })
    .finally(() => {
      if (unfinished.get(key) === mine) unfinished.delete(key);
    });
  unfinished.set(key, mine);
}

/** Waits for what goes on in a repository. */
export async function settle(repository: Repository): Promise<void> {
  await unfinished.get(keyOf(repository));
}

/** Whether what went on has failed since this was asked before. */
export function takeFailure(repository: Repository): boolean {
  return failed.delete(keyOf(repository));
}

/** Waits for all that goes on, in every repository. */
export async function settleAll(): Promise<void> {
  await Promise.all(unfinished.values());
}

const byTime = (one: Snapshot, other: Snapshot) => one.time.localeCompare(other.time);

async function look(repository: Repository): Promise<Snapshot[] | undefined> {
  // Each snapshot is a file of its own, whole or not there: a lock would add nothing but the wait for it.
  const isShared = repository.volume.options?.layout === 'volsync';
  const args = ['--no-lock', '--json', 'snapshots', ...(isShared ? [] : [`--tag=${TAGS.ours}`])];
  const { exitCode, stdout } = await runLight(repository, args, [MISSING]);
  if (exitCode === MISSING) return undefined;
  return SnapshotsSchema.parse(JSON.parse(stdout.toString())).toSorted(byTime);
}

const isFresh = ({ at }: Look, forMs: number) => performance.now() - at < forMs;

/** All of Tidemark's, in the layout of VolSync those of others too, oldest first; undefined where there is no repository. As they were some seconds ago at the most. */
export async function lookInto(repository: Repository, freshMs = FRESH_MS): Promise<Snapshot[] | undefined> {
  const key = keyOf(repository);
  await settle(repository);
  const before = looks.get(key);
  if (before && isFresh(before, freshMs)) return await before.found;
  const now: Look = { at: performance.now(), found: look(repository) };
  looks.set(key, now);
  let found: Snapshot[] | undefined;
  try {
    return (found = await now.found);
  } finally {
    // One that was away may be back at any moment.
    if (found === undefined && looks.get(key) === now) looks.delete(key);
  }
}

/** Looks beside a backup, which takes its time anyway: who publishes what comes of it need not look first. */
export async function lookAhead(repository: Repository): Promise<void> {
  await lookInto(repository, LATELY_MS);
}
