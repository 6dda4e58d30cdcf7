/** What lies in a bucket: every object, with what tells it from another at the same key. */
import { z } from 'zod';
import { makeRecordReader } from '../../hosts/record-reader';
import type { ObjectMark } from './manifest';
import { type Bucket, keysToStdin, NO_FOLDER, runRcloneChecked, typeOf } from './rclone';

const ItemSchema = z.object({
  Path: z.string(),
  Size: z.number(),
  ModTime: z.string(),
  IsDir: z.boolean().default(false),
  Hashes: z.record(z.string(), z.string()).default({}),
});

/** By key. */
export type Listing = ReadonlyMap<string, ObjectMark>;

/** Whoever called tries again as well. */
const TRIES = ['--retries=1', '--low-level-retries=2', '--contimeout=10s'];
const LIST = ['lsjson', '--recursive', '--no-mimetype', '--use-server-modtime'];

/**
 * Kinds of remotes, as rclone calls them, whose listings tell a checksum of each object. Any other would read the objects for it.
 * Source: rclone's backends, and tried with S3.
 */
const LISTED_HASH: Readonly<Record<string, string>> = {
  s3: 'md5',
  'google cloud storage': 'md5',
  azureblob: 'md5',
  swift: 'md5',
  b2: 'sha1',
};

async function hashArguments(bucket: Bucket): Promise<string[]> {
  const type = LISTED_HASH[(await typeOf(bucket)) ?? ''];
  return type === undefined ? [] : ['--hash', `--hash-type=${type}`];
}

/** The store tells when it was written to by its own clock, and not what the writer has said of a file. */
export const tellsWhenWritten = async (bucket: Bucket): Promise<boolean> =>
  LISTED_HASH[(await typeOf(bucket)) ?? ''] !== undefined;

async function runList(
  bucket: Bucket,
  args: readonly string[],
  { stdin, onFolder }: { stdin?: Buffer; onFolder?: (path: string) => void } = {},
): Promise<Listing> {
  const found = new Map<string, ObjectMark>();
  const reader = makeRecordReader((line) => {
    if (!line.startsWith('{')) return;
    const text = Buffer.from(line, 'latin1').toString().replace(/,$/, '');
    const { Path, Size, ModTime, IsDir, Hashes } = ItemSchema.parse(JSON.parse(text));
    if (IsDir) {
      onFolder?.(Path);
      return;
    }
    const [hash] = Object.values(Hashes);
    found.set(Path, { bytes: Size, time: ModTime, ...(hash !== undefined && { hash }) });
  }, '\n');
  await runRcloneChecked(
    bucket,
    [
      ...[...TRIES, ...LIST, ...(onFolder ? [] : ['--files-only']), ...(await hashArguments(bucket))],
      ...[...args, '--', bucket.volume.path],
    ],
    { onStdout: reader.push, maxOutputBytes: 4096, ...(stdin && { stdin }) },
    [NO_FOLDER],
  );
  return found;
}

/** Everything, in as few requests as the store has for that; nothing where there is no bucket yet. */
export const listAll = (bucket: Bucket): Promise<Listing> => runList(bucket, ['--fast-list']);

/** The same, with the folders that the store shows. */
export async function listTree(bucket: Bucket): Promise<{ files: Listing; folders: Set<string> }> {
  const folders = new Set<string>();
  const files = await runList(bucket, ['--fast-list'], { onFolder: (path) => folders.add(path) });
  return { files, folders };
}

/** From so many on, everything is listed at once. */
const FEW = 200;

/**
 * Some objects: where they are few, their folders are listed. None is asked for by itself: a store tells times of single objects
 * less exactly than those of a listing (of S3: in seconds), and so another time each way.
 */
export async function listSome(bucket: Bucket, keys: readonly string[]): Promise<Listing> {
  if (keys.length === 0) return new Map();
  if (keys.length > FEW) return await listAll(bucket);
  return await runList(bucket, ['--files-from-raw=-'], { stdin: keysToStdin(keys) });
}

/** Whether an object is the one that was seen before. */
export const isSame = (one: ObjectMark | undefined, other: ObjectMark | undefined): boolean =>
  one !== undefined &&
  other !== undefined &&
  one.bytes === other.bytes &&
  one.time === other.time &&
  one.hash === other.hash;

/** Names at the top, to tell whether anything is there. */
export async function listTop(bucket: Bucket): Promise<string[]> {
  const { stdout } = await runRcloneChecked(bucket, [...TRIES, 'lsf', '--', bucket.volume.path], {}, [
    NO_FOLDER,
  ]);
  return stdout
    .toString()
    .split('\n')
    .filter((name) => name !== '');
}
