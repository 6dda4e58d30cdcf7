import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds; fails where it does not for a whole minute. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come about within a minute`);
    await sleep(20);
  }
}
