import { TidemarkError } from '../../model/errors';
import { tailOf } from '../run-checked';
import { inTwentieths, markerOf } from './program';
import { END_ATTEMPTS, type RunScript } from './scripts';

const TERM_MS = 5000;
const KILL_MS = 10_000;
const SURVIVED = 75;

/** See `Host.endAttempts`. */
export async function endAttempts(host: string, runScript: RunScript, attempt: string): Promise<number> {
  const args = [markerOf(attempt), inTwentieths(TERM_MS), inTwentieths(KILL_MS)];
  const { exitCode, stdout, stderr } = await runScript(END_ATTEMPTS, args);
  const said = stdout.toString().trim();
  if (exitCode === 0) return Number(said);
  if (exitCode === SURVIVED) {
    const message = `an earlier attempt still runs and can't be ended (process ${said})`;
    const hint = `look at it with: ps -o pid,stat,wchan:20,args -p ${said.replaceAll(' ', ',')}`;
    throw new TidemarkError('VolumeBusy', message, { host, hint });
  }
  throw new TidemarkError('ToolFailed', 'what an earlier attempt left could not be looked for', {
    host,
    toolMessage: tailOf(stderr),
  });
}
