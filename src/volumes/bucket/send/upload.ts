/** Puts files into a bucket at their keys; what was there is moved away first, and nothing of an earlier state is lost. */
import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import type { Progress } from '../../../model/records';
import { sizeToBytes } from '../../../model/units';
import { runChecked } from '../../../hosts/run-checked';
import { makeRecordReader } from '../../../hosts/record-reader';
import { isOdd, keptFolder, type KeptFolder } from '../layout';
import { parseProgress, WITH_STATS } from '../progress';
import { at, type Bucket, keysToStdin, LASTING, NO_FOLDER, runRcloneChecked } from '../rclone';
import type { Upload } from './plan';

export interface UploadOptions {
  /** Where the files are. */
  root: string;
  attempt: string;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** More at once than rclone has by default: most files are small, and a store answers each by itself. */
const TRANSFERS = 8;

/** Of S3, each object would be asked for once more as it is there: a listing says that of all of them. */
const UNASKED = ['--s3-no-head'];

const limitOf = ({ volume }: Bucket): string[] => {
  const { bandwidthLimit } = volume.options ?? {};
  return bandwidthLimit === undefined ? [] : [`--bwlimit=${sizeToBytes(bandwidthLimit)}B`];
};

/** Runs rclone with progress, as a program of this transfer. */
async function run(
  bucket: Bucket,
  args: readonly string[],
  keys: readonly string[],
  { attempt, signal, onProgress }: UploadOptions,
): Promise<void> {
  const reader = makeRecordReader((line) => {
    const progress = parseProgress(Buffer.from(line, 'latin1').toString());
    if (progress) onProgress(progress);
  }, '\n');
  await runRcloneChecked(
    bucket,
    [...LASTING, ...UNASKED, ...WITH_STATS, `--transfers=${TRANSFERS}`, ...args],
    { stdin: keysToStdin(keys), onStderr: reader.push, maxOutputBytes: 256 * 1024, attempt, signal },
    [NO_FOLDER],
  );
}

/** What is never looked for at the other side: that is known. */
const EXACTLY = ['--no-traverse', '--files-from-raw=-'];

/** How a set of files goes: where nothing is at their keys, nothing is asked about them. */
const howOf = (bucket: Bucket, kept: KeptFolder | undefined): string[] =>
  kept ? ['--ignore-times', `--backup-dir=${at(bucket, keptFolder(kept))}`] : ['--no-check-dest'];

async function copyPlain(
  bucket: Bucket,
  files: readonly Upload[],
  kept: KeptFolder | undefined,
  options: UploadOptions,
): Promise<void> {
  if (files.length === 0) return;
  const args = [
    'copy',
    ...limitOf(bucket),
    ...EXACTLY,
    ...howOf(bucket, kept),
    '--',
    options.root,
    bucket.volume.path,
  ];
  await run(
    bucket,
    args,
    files.map(({ key }) => key),
    options,
  );
}

/** Files whose keys are not their names: by a folder of links that are called by their keys. */
async function copyOdd(
  bucket: Bucket,
  files: readonly Upload[],
  kept: KeptFolder | undefined,
  options: UploadOptions,
): Promise<void> {
  if (files.length === 0) return;
  const { runner } = bucket;
  const folder = join(runner.scratch, `odd-${randomUUID()}`);
  await runner.files.mkdir(folder, 0o700);
  try {
    const root = Buffer.from(options.root).toString('latin1');
    const links = files.map(({ path, key }) => `${root}/${path}\0${basename(key)}\0`);
    const stdin = Buffer.from(links.join(''), 'latin1');
    await runChecked(runner, ['xargs', '-0', '-n2', 'ln', '-sT', '--'], { cwd: folder, stdin });
    const [{ key: first = '' } = {}] = files;
    const to = first.slice(0, -basename(first).length - 1);
    const backup = kept
      ? ['--ignore-times', `--backup-dir=${at(bucket, `${keptFolder(kept)}/${to}`)}`]
      : ['--no-check-dest'];
    const args = [
      'copy',
      '--copy-links',
      ...limitOf(bucket),
      ...EXACTLY,
      ...backup,
      '--',
      folder,
      at(bucket, to),
    ];
    await run(
      bucket,
      args,
      files.map(({ key }) => basename(key)),
      options,
    );
  } finally {
    await runner.files.remove(folder);
  }
}

/** @param kept where goes what is at their keys; undefined: nothing is */
export async function upload(
  bucket: Bucket,
  files: readonly Upload[],
  kept: KeptFolder | undefined,
  options: UploadOptions,
): Promise<void> {
  const isPlain = ({ path }: Upload) => !isOdd(path);
  await copyPlain(bucket, files.filter(isPlain), kept, options);
  await copyOdd(
    bucket,
    files.filter((file) => !isPlain(file)),
    kept,
    options,
  );
}

/** Moves away what the new state has not. */
export async function moveAway(
  bucket: Bucket,
  keys: readonly string[],
  kept: KeptFolder,
  options: UploadOptions,
): Promise<void> {
  if (keys.length === 0) return;
  const args = ['move', ...EXACTLY, '--', bucket.volume.path, at(bucket, keptFolder(kept))];
  await run(bucket, args, keys, options);
}

/** Removes folders that are empty by now, where a store has folders, so that files can take their places. */
export async function removeFolders(bucket: Bucket, keys: readonly string[]): Promise<void> {
  for (const key of keys) await runRcloneChecked(bucket, ['rmdirs', '--', at(bucket, key)], {}, [NO_FOLDER]);
}
