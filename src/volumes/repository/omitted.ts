/**
 * What a recovery point lacks of its source since restic was to leave it out, by restic's own word: it is shown what is
 * missing, as a tree of empty files of these names with the point's own patterns, and asked what of that it would take. What
 * it would take is missing for another reason.
 */
import { nulWords } from '../../hosts/nul-words';
import { join } from 'node:path';
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import type { Host, Runner } from '../../hosts/contract';
import { makeRecordReader } from '../../hosts/record-reader';
import { runChecked } from '../../hosts/run-checked';
import { Tally } from '../../trees/left-out';
import type { Missing, Omitted } from '../../movers/contract';
import type { OmittedRequest } from '../contract';
import { withTools } from '../pvc';
import { shortHash } from '../shared/short-hash';
import { makeError } from '../shared/tools';
import { movedExcludes } from './patterns';
import { type Repository, repositoryAt, runResticChecked } from './restic';
import { findKept } from './snapshots';
import { Taken } from './taken';

/** Of `a/b/c`: `a/b`, `a`. */
function* foldersOf(path: string): Generator<string> {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    yield path.slice(0, end);
}

const toNames = (paths: Iterable<string>): Buffer => nulWords([...paths].map((path) => `./${path}`));

const eachOf = (argv: readonly string[]) => ['xargs', '--null', '--no-run-if-empty', ...argv, '--'];

async function makeModel(runner: Runner, folder: string, entries: readonly Missing[]): Promise<void> {
  await runner.files.remove(folder);
  await runner.files.mkdir(folder, 0o700);
  const make = (argv: string[], paths: Iterable<string>) =>
    runChecked(runner, eachOf(argv), { cwd: folder, stdin: toNames(paths) });
  const folders = entries.flatMap(({ path, type }) => [...(type === 'd' ? [path] : []), ...foldersOf(path)]);
  await make(['mkdir', '--parents'], new Set(folders));
  const others = entries.filter(({ type }) => type !== 'd');
  await make(
    ['touch'],
    others.map(({ path }) => path),
  );
}

/** What restic would take of a tree. @throws TidemarkError where that can't be known for sure */
async function askRestic(repository: Repository, root: string, excludes: readonly string[]): Promise<Taken> {
  const taken = new Taken();
  const args = [
    ...['backup', '--dry-run', '--json', '--verbose=2', '--force', '--no-scan'],
    ...excludes.map((pattern) => `--exclude=${pattern}`),
    '.',
  ];
  const { push } = makeRecordReader(taken.readLine, '\n');
  try {
    await runResticChecked(repository, args, { cwd: root, env: { PWD: root }, onStdout: push });
  } catch (error) {
    // All of it is left out.
    if (error instanceof TidemarkError && error.type === 'UnsupportedCapture') return new Taken();
    throw error;
  }
  if (taken.isWhole()) return taken;
  throw makeError(repository, 'ToolFailed', 'restic did not say all that it would back up', {
    hint: 'nothing can be said of the recovery point: compare again with restic 0.17 to 0.18',
  });
}

/** Those that are sockets, of which restic keeps nothing. */
async function findSockets(runner: Runner, root: string, paths: readonly string[]): Promise<Set<string>> {
  const argv = [...eachOf(['stat', '--printf=%F %n\\0'])];
  // Names that are gone make it fail; those that are there are printed all the same.
  const { stdout } = await runner.run(argv, { cwd: root, stdin: toNames(paths) });
  const records = stdout.toString('latin1').split('\0');
  return new Set(records.flatMap((record) => /^socket \.\/(.*)$/s.exec(record)?.[1] ?? []));
}

/** `findOmitted` of the volume contract. */
export async function findOmitted(
  host: Host,
  volume: Volume,
  { relationship, pointId, source, missing, use }: OmittedRequest,
): Promise<Omitted> {
  if (missing.length === 0) return { paths: new Set(), leftOut: [] };
  const repository = repositoryAt(host, volume);
  const { snapshot } = await findKept(repository, relationship, pointId);
  // Nothing is taken of a folder that is left out: what lies in one that is missing shares its fate.
  const all = new Set(missing.map(({ path }) => path));
  const tops = missing.filter(({ path }) => ![...foldersOf(path)].some((folder) => all.has(folder)));
  const taken = await withTools(repository, async (runner) => {
    const model = join(runner.scratch, 'missing', shortHash(JSON.stringify([use.relationship, use.target])));
    try {
      await makeModel(runner, model, tops);
      const root = await runner.files.resolve(model);
      return await askRestic({ ...repository, runner }, root, movedExcludes(snapshot, root));
    } finally {
      await runner.files.remove(model);
    }
  });
  const isTaken = ({ path }: Missing) => taken.has(path);
  const special = tops.filter((each) => each.type === 'S' && isTaken(each)).map(({ path }) => path);
  const sockets = await findSockets(source.runner, source.path, special);
  const left = new Set(
    tops.filter((each) => !isTaken(each) || sockets.has(each.path)).map(({ path }) => path),
  );
  const tally = new Tally();
  for (const path of sockets) tally.add('socket', path);
  const isLeft = ({ path }: Missing) => left.has(path) || [...foldersOf(path)].some((each) => left.has(each));
  return { paths: new Set(missing.filter(isLeft).map(({ path }) => path)), leftOut: tally.list };
}
