/** Puts files into a bucket at their keys; what was there is moved away first, and nothing of an earlier state is lost. */
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { nulWords } from '../../../hosts/nul-words';
import { runChecked } from '../../../hosts/run-checked';
import { copyNamed, type CopyOptions } from '../copy';
import { isOdd, keptFolder, type KeptFolder } from '../layout';
import { removeKeys } from '../notes';
import { at, type Bucket, NO_FOLDER, runRcloneChecked } from '../rclone';
import type { Upload } from './plan';

export interface UploadOptions extends CopyOptions {
  /** Where the files are. */
  root: string;
}

/** How a set of files goes: where nothing of what is at their keys is kept, nothing is asked about them. @param folder below which they go */
const howOf = (bucket: Bucket, kept: KeptFolder | undefined, folder = ''): string[] =>
  kept
    ? ['--ignore-times', `--backup-dir=${at(bucket, join(keptFolder(kept), folder))}`]
    : ['--no-check-dest'];

/** Files whose keys are not their names: by a folder of links that are called by their keys. */
async function copyOdd(
  bucket: Bucket,
  files: readonly Upload[],
  kept: KeptFolder | undefined,
  options: UploadOptions,
): Promise<void> {
  const [first] = files;
  if (!first) return;
  const { runner } = bucket;
  const from = join(runner.scratch, `odd-${randomUUID()}`);
  await runner.files.mkdir(from, 0o700);
  try {
    const root = Buffer.from(options.root).toString('latin1');
    const links = files.flatMap(({ path, key }) => [`${root}/${path}`, basename(key)]);
    const stdin = nulWords(links);
    await runChecked(runner, ['xargs', '-0', '-n2', 'ln', '-sT', '--'], { cwd: from, stdin });
    // All of them have their keys in one folder.
    const folder = dirname(first.key);
    const names = files.map(({ key }) => basename(key));
    const command = ['copy', '--copy-links', ...howOf(bucket, kept, folder)] as const;
    await copyNamed(bucket, command, { from, to: at(bucket, folder), names }, options);
  } finally {
    await runner.files.remove(from);
  }
}

/** @param kept where goes what is at their keys; undefined: nothing is, or none of it is kept */
export async function upload(
  bucket: Bucket,
  files: readonly Upload[],
  kept: KeptFolder | undefined,
  options: UploadOptions,
): Promise<void> {
  const isPlain = ({ path }: Upload) => !isOdd(path);
  const names = files.filter(isPlain).map(({ key }) => key);
  const command = ['copy', ...howOf(bucket, kept)] as const;
  await copyNamed(bucket, command, { from: options.root, to: bucket.volume.path, names }, options);
  await copyOdd(
    bucket,
    files.filter((file) => !isPlain(file)),
    kept,
    options,
  );
}

/** Moves away what the new state has not. @param kept undefined: it is removed */
export async function moveAway(
  bucket: Bucket,
  keys: readonly string[],
  kept: KeptFolder | undefined,
  options: UploadOptions,
): Promise<void> {
  if (!kept) {
    await removeKeys(bucket, keys);
    return;
  }
  const to = at(bucket, keptFolder(kept));
  await copyNamed(bucket, ['move'], { from: bucket.volume.path, to, names: keys }, options);
}

/** Removes folders that are empty by now, where a store has folders, so that files can take their places. */
export async function removeFolders(bucket: Bucket, keys: readonly string[]): Promise<void> {
  for (const key of keys) await runRcloneChecked(bucket, ['rmdirs', '--', at(bucket, key)], {}, [NO_FOLDER]);
}
