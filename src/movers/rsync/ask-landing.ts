/** Words of a landing beside the passes of rsync: it prints a list for the source, which may be long. */
import type { Host } from '../../hosts/contract';
import { LANDING_ALIAS, prepareSsh, SSH_ARGV } from '../../landings/ssh-client';
import { describeLink } from '../shared/link';
import { transferAttempt } from '../shared/names';
import { classifyEnding } from './classify';
import { PLACEHOLDER_PATH } from './options';
import type { RsyncTransfer } from './told';

/** What the client asks for as it asks for a pass: see `chooseCommand`. */
export const wordOf = (list: string): string => `${PLACEHOLDER_PATH}${list}/`;

/**
 * Source: what the landing prints for this word.
 * @throws TidemarkError where it prints nothing, or not all of it
 */
export async function askLanding(
  host: Host,
  { id, landing, reach, signal }: Pick<RsyncTransfer, 'id' | 'landing' | 'reach' | 'signal'>,
  list: string,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { exitCode, stderr } = await reach.runner.run(
    [...SSH_ARGV, LANDING_ALIAS, `list . ${wordOf(list)}`],
    {
      cwd: await prepareSsh(host, reach.runner, id, landing),
      signal,
      attempt: transferAttempt(host.home, id),
      onStdout: (chunk) => chunks.push(chunk),
      maxOutputBytes: 1024 * 1024,
    },
  );
  if (exitCode !== 0)
    throw classifyEnding({
      ...(await describeLink(host, id, landing)),
      ...{ exitCode, stderr, sourcePath: reach.path },
    });
  return Buffer.concat(chunks);
}
