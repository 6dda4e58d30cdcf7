/** `npm run demo`: the whole story of a lost host, played on this machine, without questions. */
import { tellError } from '../../client/exit-codes';
import { formatError } from '../../client/format-error';
import { formatDuration } from '../../model/units';
import { Stage } from './stage';
import { Story } from './story';
import { makeReporter } from '../reporter';

/** Answers the exit code: 0 where every file was, at each step, what it should be. */
export async function runDemo(): Promise<number> {
  const since = performance.now();
  const { say, ...reporter } = makeReporter();
  const interrupted = new AbortController();
  const stop = () => interrupted.abort(new Error('the demo was interrupted; nothing of it is left'));
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
  say('A host is lost, another one goes on, and everything comes home again.');
  say('What a line with $ shows is what you would type. All of it lies in a folder of its own.\n');
  try {
    const checked = await Stage.with({ say, ...reporter }, interrupted.signal, (stage) =>
      new Story(stage, say).play(),
    );
    const took = formatDuration(performance.now() - since);
    say(
      `\nThe demo went well: ${checked} files compared, in ${took}. Nothing of it is left on this machine.`,
    );
    say('When it happens to you: docs/runbook.md');
    return 0;
  } catch (error) {
    const { signal } = interrupted;
    say(`\nThe demo failed. ${formatError(tellError(signal.aborted ? signal.reason : error))}`);
    return 1;
  }
}

if (require.main === module) void runDemo().then((code) => process.exit(code));
