/** Tells what the source changed after a point was captured from what was damaged. */
import type { Runner } from '../../hosts/contract';
import { toolFailed } from '../../hosts/run-checked';
import { type Fingerprint, FingerprintComparer } from '../../trees/fingerprint';
import { walk } from '../../trees/walk';
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

/** Times in seconds. */
interface Times {
  ctime: number;
  mtime: number;
}

/** By path; what does not exist is left out. */
async function readTimes(host: Runner, root: string, paths: readonly Buffer[]): Promise<Map<string, Times>> {
  const unique = new Map(paths.map((path) => [key(path), path]));
  // `./` before each, so that no name is an option.
  const stdin = Buffer.concat(
    [...unique.values()].flatMap((path) => [Buffer.from('./'), path, Buffer.from([0])]),
  );
  const argv = ['xargs', '--null', '--no-run-if-empty', 'stat', '--printf=%.9Z %.9Y %n\\0', '--'];
  // Names that are gone make it fail; those that are there are printed all the same.
  const result = await host.run(argv, { stdin, cwd: root });
  if (![0, 123].includes(result.exitCode)) throw toolFailed(host, argv, result);
  const { stdout } = result;
  const times = new Map<string, Times>();
  for (const record of stdout.toString('latin1').split('\0')) {
    const [, ctime, mtime, path] = /^(\S+) (\S+) \.\/(.*)$/s.exec(record) ?? [];
    if (path !== undefined) times.set(path, { ctime: Number(ctime), mtime: Number(mtime) });
  }
  return times;
}

/**
 * By times alone: it, or where it is gone its nearest folder, was written to since; or one of its folders came to its
 * name since, with what was in it. A rename moves the change time of a folder, and not its modification time; where
 * entries of it were made or removed as well, that can't be told, and what is below it counts as not changed.
 */
function isNewByTimes(chain: readonly Buffer[], times: ReadonlyMap<string, Times>, since: number): boolean {
  const timesOf = (path: Buffer) => times.get(key(path));
  const nearest = chain.find((path) => timesOf(path) !== undefined);
  if (nearest && (timesOf(nearest)?.ctime ?? 0) >= since) return true;
  // Not the volume's own folder: what is below that is everything.
  return chain.slice(1, -1).some((folder) => {
    const { ctime, mtime } = timesOf(folder) ?? { ctime: 0, mtime: 0 };
    return ctime >= since && mtime < since;
  });
}

/**
 * Which of these paths, as a walk tells them, differ from what the source was. Those of which that can't be told are left
 * out.
 */
async function judgeByFingerprint(
  host: Runner,
  root: string,
  paths: ReadonlySet<string>,
  before: Fingerprint,
): Promise<Map<string, boolean>> {
  const comparer = new FingerprintComparer(before);
  const judged = new Map<string, boolean>();
  const gone = new Set([...paths].filter((path) => comparer.had(path)));
  const { complete } = await walk(host, root, (entry) => {
    if (!paths.has(entry.path)) return;
    gone.delete(entry.path);
    const how = comparer.judge(entry);
    // It may have been too fresh then to be known again.
    if (how !== 'hidden' || comparer.isKnown(entry)) judged.set(entry.path, how !== undefined);
  });
  if (complete) for (const path of gone) judged.set(path, true);
  return judged;
}

interface Question {
  root: string;
  /** As rsync printed them. */
  names: readonly string[];
  capturedAt: string;
  /** What the source looked like then. */
  before?: Fingerprint;
}

/** For each name: was it changed at the source since the point was captured? What can't be told was not. */
export async function findChangedSince(
  host: Runner,
  { root, names, capturedAt, before }: Question,
): Promise<boolean[]> {
  const named = names.map((name) => {
    const path = unescapeName(name);
    return { walked: key(path) === '.' ? '.' : `./${key(path)}`, chain: withParents(path) };
  });
  const paths = new Set(named.map(({ walked }) => walked));
  const judged = before ? await judgeByFingerprint(host, root, paths, before) : new Map<string, boolean>();
  const others = named.filter(({ walked }) => !judged.has(walked));
  const times = await readTimes(
    host,
    root,
    others.flatMap(({ chain }) => chain),
  );
  const since = new Date(capturedAt).getTime() / 1000 - TICK_SECONDS;
  return named.map(({ walked, chain }) => judged.get(walked) ?? isNewByTimes(chain, times, since));
}
