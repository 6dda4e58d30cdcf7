import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds. @throws Error with what `why` tells where it does not in time */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { why, timeoutMs = 120_000, pollMs = 50 }: { why: () => string; timeoutMs?: number; pollMs?: number },
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(why());
    await sleep(pollMs);
  }
}
