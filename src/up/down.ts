import { realpath } from 'node:fs/promises';
import { waitUntil } from '../hosts/local/terminate';
import { endLeftOvers } from './left-overs';
import { readUpState, startTimeOf } from '../client/up-state';

/** Ending everything in order takes a few seconds; a part that hangs is killed after 12. */
const DOWN_MS = 60_000;

/** Ends the `up` of a state folder and waits until nothing of it runs. */
export async function takeDown(home: string): Promise<{ wasRunning: boolean; leftOvers: number }> {
  const folder = await realpath(home).catch(() => home);
  const state = readUpState(folder);
  if (state) {
    const isGone = () => Promise.resolve(startTimeOf(state.pid) !== state.startTime);
    process.kill(state.pid, 'SIGTERM');
    if (!(await waitUntil(isGone, DOWN_MS))) {
      process.kill(state.pid, 'SIGKILL');
      await waitUntil(isGone, DOWN_MS);
    }
  }
  return { wasRunning: state !== undefined, leftOvers: await endLeftOvers(folder) };
}
