/** Tells what the source changed after a point was captured from what was damaged. */
import type { Host } from '../../hosts/contract';
import { toolFailed } from '../../hosts/run-checked';
import { unescapeName } from './differences';

/** The kernel's clock for files lags behind by up to one tick. */
const TICK_SECONDS = 0.01;

/** A name and its folders, nearest first: `a/b/c`, `a/b`, `a`, the volume. */
function withParents(path: Buffer): Buffer[] {
  const paths = [path];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    paths.push(path.subarray(0, end));
  return [...paths, Buffer.from('.')];
}

const key = (path: Buffer) => path.toString('latin1');

/** Change times in seconds, by path; what does not exist is left out. */
async function readChangeTimes(
  host: Host,
  root: string,
  paths: readonly Buffer[],
): Promise<Map<string, number>> {
  const unique = new Map(paths.map((path) => [key(path), path]));
  // `./` before each, so that no name is an option.
  const stdin = Buffer.concat(
    [...unique.values()].flatMap((path) => [Buffer.from('./'), path, Buffer.from([0])]),
  );
  const argv = ['xargs', '--null', '--no-run-if-empty', 'stat', '--printf=%.9Z %n\\0', '--'];
  // Names that are gone make it fail; those that are there are printed all the same.
  const result = await host.run(argv, { stdin, cwd: root });
  if (![0, 123].includes(result.exitCode)) throw toolFailed(host, argv, result);
  const { stdout } = result;
  const times = new Map<string, number>();
  for (const record of stdout.toString('latin1').split('\0')) {
    const space = record.indexOf(' ');
    if (space > 0) times.set(record.slice(space + 3), Number(record.slice(0, space)));
  }
  return times;
}

/**
 * For each name, as rsync printed it: was it, or where it is gone its nearest folder, changed at the
 * source after `capturedAt`?
 */
export async function findChangedSince(
  host: Host,
  { root, names, capturedAt }: { root: string; names: readonly string[]; capturedAt: string },
): Promise<boolean[]> {
  const chains = names.map((name) => withParents(unescapeName(name)));
  const times = await readChangeTimes(host, root, chains.flat());
  const since = new Date(capturedAt).getTime() / 1000 - TICK_SECONDS;
  return chains.map((chain) => {
    const nearest = chain.find((path) => times.has(key(path)));
    return nearest !== undefined && (times.get(key(nearest)) ?? 0) >= since;
  });
}
