/**
 * The files of a replica that others wrote to. The target lists them for the source, which has their content compared;
 * the list goes from host to host as the files do, since it may be long.
 */
import type { Host, Runner } from '../../hosts/contract';
import type { TransferId } from '../contract';
import { writtenPath } from '../shared/names';
import { askLanding, wordOf } from './ask-landing';
import type { RsyncTransfer } from './told';

const LIST = 'written';

/** Target: keeps the list. Answers the command that prints it, by what asks for it; none where nothing was written. */
export async function keepWritten(
  runner: Runner,
  id: TransferId,
  written: readonly string[],
): Promise<Record<string, string[]>> {
  if (written.length === 0) return {};
  // Names are bytes, and files of state are text.
  const list = Buffer.from(written.join('\0'), 'latin1').toString('base64');
  await runner.files.write(writtenPath(runner.scratch, id), list, 0o600);
  return { [wordOf(LIST)]: ['cat', '--', writtenPath(runner.scratch, id)] };
}

/** Source: asks the landing. Paths as `./a/b`, a byte a character. */
export async function readWritten(host: Host, request: RsyncTransfer): Promise<string[]> {
  if (!request.found.hasWritten) return [];
  const list = Buffer.from((await askLanding(host, request, LIST)).toString(), 'base64').toString('latin1');
  return list.split('\0');
}
