/**
 * Makes what others wrote to a replica differ from a point, for whoever compares by size and time: a file that was
 * changed gets a time that nothing else has, and so its content is compared, and put right.
 */
import { randomInt } from 'node:crypto';
import type { Change } from '../../trees/fingerprint';
import { runTool } from '../shared/tools';
import type { WorkOptions } from '../../trees/linked-names';
import type { ReadyPlace } from './place';
import { hasContent } from '../shared/written';

/** Gives files a time that is nobody else's. Symlinks are not followed; what is gone by now is no error. */
export async function expose(
  place: ReadyPlace,
  changed: readonly Pick<Change, 'entry'>[],
  options: WorkOptions,
): Promise<void> {
  const paths = changed.filter(({ entry }) => hasContent(entry)).map(({ entry }) => `${entry.path}\0`);
  if (paths.length === 0) return;
  const nanoseconds = String(randomInt(1, 10 ** 9)).padStart(9, '0');
  const time = `@${randomInt(1, 2 ** 30)}.${nanoseconds}`;
  const argv = ['xargs', '-0', 'touch', '-m', '-h', '-c', '-d', time, '--'];
  const stdin = Buffer.from(paths.join(''), 'latin1');
  await runTool(place, argv, { ...options, cwd: place.root, stdin });
}
