/** Asks rsync which paths a user's own filters exclude: what somebody left out on purpose needs no naming. */
import { nulWords } from '../../hosts/nul-words';
import type { Runner } from '../../hosts/contract';
import { toolFailed } from '../../hosts/run-checked';
import { rsyncOptions } from '../../model/movers';
import type { MoverSpec } from '../../model/spec';
import { PARTIAL, VANISHED } from './classify';
import { unescapeName } from './differences';
import { makeFilters } from './options';
import { makeRecordReader } from '../../hosts/record-reader';

/** `a/b/c`, `a/b`, `a`. */
function withFolders(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/**
 * Those of the paths that no filter hides, nor a folder that they lie in.
 * @param paths below the root; bytes, one character each (`latin1`).
 */
export async function dropExcluded(
  host: Runner,
  root: string,
  mover: MoverSpec,
  paths: readonly string[],
): Promise<Set<string>> {
  const asked = new Set(paths.flatMap(withFolders));
  const carried = new Set<string>();
  const reader = makeRecordReader((line) => {
    carried.add(unescapeName(line).toString('latin1').replace(/\/$/, ''));
  }, '\n');
  // Each by itself: a listed path is carried although its folder is hidden.
  const list = ['--files-from=-', '--from0', '--no-implied-dirs', '--no-recursive', '--dirs'];
  const filters = makeFilters(rsyncOptions(mover), 'inPlace').filter((rule) => /=[SH] /.test(rule));
  const argv = ['rsync', '-a', '--dry-run', ...list, '--out-format=%n', ...filters, '--', './'];
  const result = await host.run([...argv, `${host.scratch}/nowhere/`], {
    cwd: root,
    stdin: nulWords([...asked]),
    onStdout: reader.push,
    maxOutputBytes: 64 * 1024,
  });
  // Of a run that broke off nothing can be said; what is gone by now, or can't be read, need not be named.
  if (![0, PARTIAL, VANISHED].includes(result.exitCode)) throw toolFailed(host, argv, result);
  return new Set(
    paths.filter((path) => path === '.' || withFolders(path).every((each) => carried.has(each))),
  );
}
