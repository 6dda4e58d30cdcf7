import type { Host } from './contract';
import { runChecked } from './run-checked';

/** The host's own clock, by which the times of its files are. In seconds since the epoch. */
export async function readClock(host: Pick<Host, 'name' | 'run'>): Promise<number> {
  const { stdout } = await runChecked(host, ['date', '+%s.%N']);
  return Number(stdout.toString());
}
