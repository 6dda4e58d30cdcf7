/** The present moment, for everything that says how old it is. */
import { signal } from '@preact/signals';

const EVERY_MS = 1000;

/** Milliseconds since the epoch; stands still while nobody looks. */
export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, EVERY_MS);
  document.addEventListener('visibilitychange', () => {
    now.value = Date.now();
  });
}
