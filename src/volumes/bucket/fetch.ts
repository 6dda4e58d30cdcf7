/** Fetches the content of a state's files, each proved by its checksum, into a folder beside the tree that is to have them. */
import { nulWords } from '../../hosts/nul-words';
import { formatEntries } from '../../model/units';
import { runChecked } from '../../hosts/run-checked';
import { showPath } from '../../trees/left-out';
import { makeError } from '../shared/tools';
import { fetchNamed, type CopyOptions } from './copy';
import { type Hashes, hashFiles } from './hashes';
import { keyOf, toText } from './layout';
import { listAll, type Listing } from './listing';
import type { Entry } from './manifest';
import { candidatesOf, keptFoldersIn } from './plan-prune';
import { at, type Bucket } from './rclone';
import { scan } from './scan';

export interface FetchRequest extends CopyOptions {
  stateId: string;
  files: readonly Entry[];
  /** Into which they are fetched, each at its key. What is there already, of an attempt that was cut off, is used. */
  folder: string;
}

/** A key's folder in the bucket, and its path below that: what a copy keeps. */
function split(candidate: string, key: string): { from: string; name: string } {
  return { from: candidate.slice(0, candidate.length - key.length).replace(/\/$/, ''), name: key };
}

/** Which of the files are in the folder, whole. */
async function prove(
  bucket: Bucket,
  files: readonly Entry[],
  { folder, signal }: FetchRequest,
): Promise<Set<string>> {
  const keys = new Map(files.map((file) => [keyOf(file.path), file]));
  const asKeys = [...keys].map(([key, file]): Entry => ({
    ...file,
    path: Buffer.from(key).toString('latin1'),
  }));
  const hashes: Hashes = await hashFiles(bucket, folder, asKeys, signal);
  return new Set(
    asKeys.filter(({ path, sha256 }) => hashes.get(path) === sha256).map(({ path }) => toText(path) ?? ''),
  );
}

/** Takes away what an attempt has left that was cut off, and is not wanted, or not whole. */
async function clear(
  { runner }: Bucket,
  wanted: ReadonlySet<string>,
  { folder, signal }: FetchRequest,
): Promise<void> {
  const { entries } = await scan(runner, folder, signal);
  const isWanted = ({ path }: Entry) => wanted.has(toText(path) ?? '');
  const strange = entries.filter((entry) => entry.type !== 'd' && !isWanted(entry));
  const stdin = nulWords(strange.map(({ path }) => `./${path}`));
  if (strange.length > 0) await runChecked(runner, ['xargs', '-0', 'rm', '-f', '--'], { cwd: folder, stdin });
  await runChecked(runner, ['find', folder, '-mindepth', '1', '-type', 'd', '-empty', '-delete']);
}

/** Times the store is asked anew, as a writer moves things away. */
const ROUNDS = 4;

async function fetchOnce(
  bucket: Bucket,
  files: readonly Entry[],
  listing: Listing,
  request: FetchRequest,
): Promise<Entry[]> {
  const folders = keptFoldersIn(listing);
  const open = new Map(
    files.map((file) => [file, candidatesOf(request.stateId, file, { listing, folders })] as const),
  );
  while ([...open.values()].some((candidates) => candidates.length > 0)) {
    const tried = [...open].flatMap(([file, candidates]) => {
      const candidate = candidates.shift();
      return candidate === undefined ? [] : [{ file, ...split(candidate, keyOf(file.path)) }];
    });
    const byFolder = Map.groupBy(tried, ({ from }) => from);
    for (const [from, group] of byFolder)
      await fetchNamed(
        bucket,
        { from: at(bucket, from), to: request.folder, names: group.map(({ name }) => name) },
        request,
      );
    const proved = await prove(
      bucket,
      tried.map(({ file }) => file),
      request,
    );
    for (const { file, name } of tried) if (proved.has(name)) open.delete(file);
  }
  return [...open.keys()];
}

/** @throws TidemarkError `VerificationFailed` naming files whose content is nowhere */
export async function fetchFiles(bucket: Bucket, request: FetchRequest): Promise<void> {
  const { files } = request;
  if (files.length === 0) return;
  await bucket.runner.files.mkdir(request.folder, 0o700);
  const there = await prove(bucket, files, request);
  await clear(bucket, there, request);
  let open = files.filter(({ path }) => !there.has(keyOf(path)));
  for (let round = 1; round <= ROUNDS && open.length > 0; round++)
    open = await fetchOnce(bucket, open, await listAll(bucket), request);
  if (open.length === 0) return;
  const names = open.slice(0, 5).map(({ path }) => showPath(path));
  throw makeError(
    bucket,
    'VerificationFailed',
    `${formatEntries(open.length)} of state ${request.stateId} are not in the bucket, or are damaged`,
    {
      toolMessage: `${names.join('\n')}${open.length > names.length ? '\n…' : ''}`,
      hint: 'somebody has removed or changed them there; the next sync puts the newest state right, older ones are lost. What it does not see to be changed, remove there: it is sent again',
    },
  );
}
