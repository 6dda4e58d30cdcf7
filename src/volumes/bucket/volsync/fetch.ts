/** Brings files from where VolSync's layout has them, each at its own name, and proves what came. */
import { nulWords } from '../../../hosts/nul-words';
import { runChecked } from '../../../hosts/run-checked';
import { formatEntries } from '../../../model/units';
import { showPath } from '../../../trees/left-out';
import { makeError } from '../../shared/tools';
import { fetchNamed, type CopyOptions } from '../copy';
import { type Hashes, hashFiles } from '../hashes';
import { isOdd, keyOf, toText } from '../layout';
import type { Entry } from '../manifest';
import type { Bucket } from '../rclone';

/** As it lies where it was brought to. */
const atKey = ({ path, ...entry }: Entry): Entry => ({
  ...entry,
  path: Buffer.from(keyOf(path)).toString('latin1'),
});

/** Fetches files into a folder, each at its key: what has an odd name is moved to it. rclone compares checksums as it fetches. */
export async function bring(
  bucket: Bucket,
  files: readonly Entry[],
  into: string,
  options: CopyOptions,
): Promise<void> {
  if (files.length === 0) return;
  const { runner, volume } = bucket;
  await runner.files.mkdir(into, 0o700);
  const names = files.map(({ path }) => toText(path) ?? '');
  await fetchNamed(bucket, { from: volume.path, to: into, names }, options);
  const odd = files.filter(({ path }) => isOdd(path));
  if (odd.length === 0) return;
  await runChecked(runner, ['mkdir', '-p', '.tidemark/odd'], { cwd: into });
  const stdin = nulWords(odd.flatMap(({ path }) => [`./${path}`, `./${keyOf(path)}`]));
  // Those that are gone by now are missed by whoever counts.
  await runner.run(['xargs', '-0', '-n2', 'mv', '-fT', '--'], { cwd: into, stdin });
}

/** Checksums of what was brought, by path. */
export async function hashBrought(
  bucket: Bucket,
  files: readonly Entry[],
  into: string,
  signal?: AbortSignal,
): Promise<Hashes> {
  const hashes = await hashFiles(bucket, into, files.map(atKey), signal);
  return new Map(
    files.flatMap((file) => {
      const hash = hashes.get(atKey(file).path);
      return hash === undefined ? [] : [[file.path, hash] as const];
    }),
  );
}

/** Brings files whose checksums are known. @throws TidemarkError `VerificationFailed` naming those that are others */
export async function bringProved(
  bucket: Bucket,
  files: readonly Entry[],
  into: string,
  options: CopyOptions,
): Promise<void> {
  await bring(bucket, files, into, options);
  const hashes = await hashBrought(bucket, files, into, options.signal);
  const wrong = files.filter(({ path, sha256 }) => hashes.get(path) !== sha256);
  if (wrong.length === 0) return;
  throw makeError(
    bucket,
    'VerificationFailed',
    `${formatEntries(wrong.length)} in the bucket are not what was written, or are gone`,
    {
      toolMessage: wrong
        .slice(0, 5)
        .map(({ path }) => showPath(path))
        .join('\n'),
      hint: 'somebody has removed or changed them there; the next sync puts them right',
    },
  );
}
