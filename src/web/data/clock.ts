/** The present moment, for everything that says how old it is. */
import { signal } from '@preact/signals';

const EVERY_MS = 1000;
const NOW_STEP_MS = 5000;

/** Milliseconds since the epoch, every second; stands still while nobody looks. */
export const second = signal(Date.now());

/** The same every few seconds: a page of ages that all tick is no quiet page. */
export const now = signal(Date.now());

function tick(): void {
  if (document.hidden) return;
  second.value = Date.now();
  if (Math.abs(second.value - now.value) >= NOW_STEP_MS) now.value = second.value;
}

export function startClock(): void {
  setInterval(tick, EVERY_MS);
  document.addEventListener('visibilitychange', tick);
}
