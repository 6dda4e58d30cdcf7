/** How much room a whole copy needs. */
import { rsyncOptions } from '../../model/movers';
import type { Host, Runner } from '../../hosts/contract';
import { measureTree } from '../../trees/measure-tree';
import type { MoverSpec } from '../../model/spec';
import { takeFingerprint } from '../../trees/fingerprint';
import type { Reach } from '../reach';
import { makeFilters } from './options';

/** Bytes that rsync would copy into an empty folder: of files as long as they are, holes included. */
async function askRsync(runner: Runner, path: string, mover: MoverSpec): Promise<number> {
  const options = [
    '-aHx',
    '--dry-run',
    '--stats',
    '--no-human-readable',
    ...makeFilters(rsyncOptions(mover), 'inPlace'),
  ];
  // With a dry run, it need not exist, and is not made.
  const { stdout } = await runner.run(['rsync', ...options, '--', `${path}/`, `${runner.scratch}/nowhere/`]);
  const total = /^Total file size: (\d+) bytes/m.exec(stdout.toString())?.[1];
  return total === undefined ? Infinity : Number(total);
}

/** `measure` of the mover contract. */
export async function measure(
  _host: Host,
  { reach: { runner, path }, mover }: { reach: Reach; mover: MoverSpec },
): Promise<{ disk: number; files: number; empty?: boolean }> {
  if (rsyncOptions(mover).exclude.length === 0) {
    const { diskBytes, fileBytes, entries, complete } = await takeFingerprint(runner, path);
    // The tree itself is one.
    return { disk: diskBytes, files: fileBytes, empty: complete && entries <= 1 };
  }
  const [whole, files] = await Promise.all([measureTree(runner, path), askRsync(runner, path, mover)]);
  return { disk: Math.min(whole, files), files };
}
