/**
 * The files of a replica that others wrote to. The target lists them for the source, which has their content compared;
 * the list goes from host to host as the files do, since it may be long.
 */
import type { Host } from '../../hosts/contract';
import { LANDING_ALIAS, prepareSsh, SSH_ARGV } from '../../landings/ssh-client';
import type { TransferId, TransferRequest } from '../contract';
import { describeLink } from '../shared/link';
import { transferAttempt, writtenPath } from '../shared/names';
import { classifyEnding } from './classify';
import { PLACEHOLDER_PATH } from './options';

/** What the client asks for as it asks for a pass: see `chooseCommand`. */
const PLACEHOLDER = `${PLACEHOLDER_PATH}written/`;

/** Target: keeps the list. Answers the command that prints it, by what asks for it; none where nothing was written. */
export async function keepWritten(
  host: Host,
  id: TransferId,
  written: readonly string[],
): Promise<Record<string, string[]>> {
  if (written.length === 0) return {};
  // Names are bytes, and files of state are text.
  const list = Buffer.from(written.join('\0'), 'latin1').toString('base64');
  await host.files.write(writtenPath(host.home, id), list, 0o600);
  return { [PLACEHOLDER]: ['cat', '--', writtenPath(host.home, id)] };
}

/** Source: asks the landing. Paths as `./a/b`, a byte a character. */
export async function readWritten(
  host: Host,
  { id, landing, sourcePath, signal }: TransferRequest,
): Promise<string[]> {
  if (!landing.hasWritten) return [];
  const chunks: Buffer[] = [];
  const { exitCode, stderr } = await host.run([...SSH_ARGV, LANDING_ALIAS, `cat . ${PLACEHOLDER}`], {
    cwd: await prepareSsh(host, id, landing),
    signal,
    attempt: transferAttempt(host.home, id),
    onStdout: (chunk) => chunks.push(chunk),
    maxOutputBytes: 1024 * 1024,
  });
  if (exitCode !== 0)
    throw classifyEnding({ ...(await describeLink(host, id, landing)), exitCode, stderr, sourcePath });
  const list = Buffer.from(Buffer.concat(chunks).toString(), 'base64').toString('latin1');
  return list.split('\0');
}
