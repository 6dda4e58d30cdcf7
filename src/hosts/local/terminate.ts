/** Ends process groups: politely first, then for good, and knows when they are gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDead, listPids, readStat } from './proc';

const POLL_MIN_MS = 10;
const POLL_MAX_MS = 200;

/** True while the group has a member that is not a zombie: one that nobody reaps harms nobody. */
async function isGroupAlive(group: number): Promise<boolean> {
  if (!signalGroup(group, 0)) return false;
  for (const pid of await listPids()) {
    const stat = await readStat(pid);
    if (stat?.group === group && !isDead(stat)) return true;
  }
  return false;
}

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: alive, under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Waits until a condition holds, asking less and less often. False where `timeoutMs` passed first. */
export async function waitUntil(condition: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let pause = POLL_MIN_MS; ; pause = Math.min(pause * 1.5, POLL_MAX_MS)) {
    if (await condition()) return true;
    if (performance.now() >= deadline) return false;
    await sleep(pause);
  }
}

/**
 * Ends process groups, all at once: TERM, then KILL after `killAfterMs`. Settles once they are gone.
 * @param graceMs how long they may end by themselves before TERM.
 */
export async function endGroups(
  groups: readonly number[],
  { graceMs, killAfterMs }: { graceMs: number; killAfterMs: number },
): Promise<void> {
  let alive = [...groups];
  const allGone = async () => {
    const states = await Promise.all(alive.map(isGroupAlive));
    alive = alive.filter((_, index) => states[index]);
    return alive.length === 0;
  };
  if (await waitUntil(allGone, graceMs)) return;
  for (const group of alive) signalGroup(group, 'SIGTERM');
  if (await waitUntil(allGone, killAfterMs)) return;
  for (const group of alive) signalGroup(group, 'SIGKILL');
  await waitUntil(allGone, Number.POSITIVE_INFINITY);
}
