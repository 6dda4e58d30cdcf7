/** Messages to a program of this machine, as JSON on its standard input. */
import { tmpdir } from 'node:os';
import { makeLocalHost } from '../../hosts/local';
import type { ProgramSpec } from '../../model/notify/config';
import type { NoticeContent } from '../../model/notify/notice';
import { durationToMs } from '../../model/units';
import { NotTaken } from './not-taken';

const MOST_SAID = 300;
/** @throws NotTaken where it does not end with 0 in time */
export async function sendToProgram({ argv, timeout }: ProgramSpec, content: NoticeContent): Promise<void> {
  const host = makeLocalHost({ name: 'the control worker', home: tmpdir() });
  const [program = ''] = argv;
  let ended;
  try {
    // What concerns Tidemark alone, its own secrets among it, a host keeps from its programs.
    ended = await host.run(argv, {
      stdin: `${JSON.stringify(content)}\n`,
      timeoutMs: durationToMs(timeout),
      maxOutputBytes: 10_000,
    });
  } catch (error) {
    throw new NotTaken(`${program}: ${(error as Error).message}`);
  }
  if (ended.exitCode === 0) return;
  const said = ended.stderr.replaceAll(/\s+/g, ' ').trim().slice(-MOST_SAID);
  throw new NotTaken(`${program} ended with ${ended.exitCode}${said ? `: ${said}` : ''}`);
}
