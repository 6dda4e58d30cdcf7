/**
 * Takes what VolSync's mover has written, as a source. Nothing there says that a writer is in the middle: a state is taken only
 * where all that lies there was the same before and after it was fetched.
 */
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Capture } from '../../../model/capture';
import type { Volume } from '../../../model/records';
import type { Host } from '../../../hosts/contract';
import { nulWords } from '../../../hosts/nul-words';
import { runChecked } from '../../../hosts/run-checked';
import { walk, type WalkEntry } from '../../../trees/walk';
import type { CaptureRequest } from '../../contract';
import { checkScratchRoom } from '../../shared/scratch';
import { makeError } from '../../shared/tools';
import type { CopyOptions } from '../copy';
import { kept } from '../fetched';
import { keyOf } from '../layout';
import { isSame, tellsWhenWritten } from '../listing';
import { decodeManifest, encodeManifest, type Entry, findFault } from '../manifest';
import { makeTree, treeIn } from '../materialise';
import { at, type Bucket, bucketAt, runLight } from '../rclone';
import { toTime } from '../scan';
import { makeUnfinished } from './claims';
import { FACL } from './facl';
import { bring, bringProved, hashBrought } from './fetch';
import { look, type Look } from './store';
import { Busy, type Fetched, isSameLook, readTheirs, Senseless, type Theirs, treeOf } from './theirs';

/** A writer that is in the middle may be done soon. */
const TRIES = 4;
const WAITS_MS = [500, 1_500, 4_000];

/** What was fetched before, by path; nothing where that is not known any more. */
async function recall({ runner }: Bucket, folder: string): Promise<Map<string, Entry>> {
  const text = await runner.files.read(join(folder, 'state.jsonl'));
  if (text === undefined) return new Map();
  try {
    return new Map(decodeManifest(text).entries.map((entry) => [entry.path, entry]));
  } catch {
    return new Map();
  }
}

interface Fetching {
  folder: string;
  incoming: string;
  options: CopyOptions;
  /** Of what was fetched before, and in tries that came to nothing: each with what its object was. */
  known: Map<string, Entry>;
}

const toFile = (path: string, bytes = 0): Entry => ({
  ...{ path, type: 'f', mode: '600', uid: '0', gid: '0', mtime: '0.000000000', bytes },
});

/** Fetches what is not known, and notes what came. */
async function fetchNew(bucket: Bucket, { files }: Theirs, fetching: Fetching): Promise<number> {
  const { folder, incoming, options, known } = fetching;
  const wanted = [...files].filter(([path, mark]) => !isSame(known.get(path)?.object, mark));
  if (wanted.length === 0) return 0;
  await bucket.runner.files.mkdir(folder, 0o700);
  await checkScratchRoom(bucket, {
    path: folder,
    bytes: wanted.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    what: `what is read from the bucket is put into ${folder} first`,
  });
  const asked = wanted.map(([path, { bytes }]) => toFile(path, bytes));
  await bring(bucket, asked, incoming, options);
  const found = new Map<string, Pick<Entry, 'bytes' | 'mtime'>>();
  const note = ({ path, size, mtime }: WalkEntry) =>
    found.set(path.replace(/^\.\//, ''), { bytes: size, mtime: toTime(mtime) });
  await walk(bucket.runner, incoming, note, { skip: [] });
  const hashes = await hashBrought(bucket, asked, incoming, options.signal);
  for (const [path, object] of wanted) {
    const file = found.get(Buffer.from(keyOf(path)).toString('latin1'));
    const sha256 = hashes.get(path);
    known.delete(path);
    if (file?.bytes === object.bytes && sha256 !== undefined)
      known.set(path, { ...toFile(path), ...file, sha256, object });
  }
  return wanted.length;
}

interface Taken {
  theirs: Theirs;
  files: Map<string, Fetched>;
}

/** @throws Busy where no whole state was there from the first look to the last */
async function takeOnce(bucket: Bucket, before: Look, fetching: Fetching): Promise<Taken> {
  const theirs = readTheirs(before, await tellsWhenWritten(bucket));
  const count = await fetchNew(bucket, theirs, fetching);
  // What was fetched before was a whole state then, and is the same now: one look tells that.
  if (count > 0 && !isSameLook(before, await look(bucket)))
    throw new Busy('somebody wrote to it while it was read');
  const files = new Map<string, Fetched>();
  for (const path of theirs.files.keys()) {
    const file = fetching.known.get(path);
    if (file?.sha256 === undefined || file.bytes === undefined)
      throw new Busy(`${path} was gone as it was read`);
    files.set(path, { mtime: file.mtime, bytes: file.bytes, sha256: file.sha256 });
  }
  return { theirs, files };
}

function makeBusy(bucket: Bucket, reason: string, isFinished: boolean) {
  if (!isFinished) return makeUnfinished(bucket);
  return makeError(bucket, 'VolumeBusy', `whoever writes to it was busy, or was cut off: ${reason}`, {
    hint: 'it is tried again; where it stays so, have the ReplicationSource that writes there sync once more, to its end',
  });
}

/** Tries until a look finds a whole state. @throws TidemarkError `VolumeBusy`, `NotReady`, `VerificationFailed` */
/** @param first what lies there, as it was just seen */
async function take(bucket: Bucket, first: Look, fetching: Fetching): Promise<Taken> {
  for (let tried = 1; ; tried++) {
    const before = tried === 1 ? first : await look(bucket);
    try {
      return await takeOnce(bucket, before, fetching);
    } catch (error) {
      fetching.options.signal?.throwIfAborted();
      if (error instanceof Busy && tried >= TRIES)
        throw makeBusy(bucket, error.message, before.facl !== undefined);
      if (error instanceof Senseless && tried >= TRIES)
        throw makeError(bucket, 'VerificationFailed', `${FACL} can't be taken: ${error.message}`, {
          hint: 'look at what is there: VolSync writes what getfacl -R prints of data',
        });
      if (!(error instanceof Busy) && !(error instanceof Senseless)) throw error;
      await sleep(WAITS_MS[tried - 1] ?? 0, undefined, {
        ...(fetching.options.signal && { signal: fetching.options.signal }),
      });
    }
  }
}

const StatSchema = z.object({ ModTime: z.string() });

/** When their mover looked at its volume: as it wrote down whose each file is. */
async function capturedAt(bucket: Bucket): Promise<string> {
  const { stdout } = await runLight(bucket, ['lsjson', '--stat', '--no-mimetype', '--', at(bucket, FACL)]);
  const { ModTime } = StatSchema.parse(JSON.parse(stdout.toString()));
  const now = Date.now();
  return new Date(Math.min(now, Date.parse(ModTime) || now)).toISOString();
}

/** `capture` of the volume contract. */
export async function capture(
  host: Host,
  volume: Volume,
  { relationship, syncId, signal, onProgress }: CaptureRequest,
): Promise<Capture> {
  const bucket = bucketAt(host, volume);
  const first = await look(bucket);
  const bytes = [...first.files.values()].reduce((sum, file) => sum + file.bytes, 0);
  // What is new is fetched beside what is there, and may be all of it.
  const size = { bytes: 2 * bytes, entries: 2 * (first.files.size + first.folders.size) };
  const room = await kept.open(bucket, relationship, size);
  const options = { attempt: `fetch:${relationship}:${volume.path}:${host.home}`, signal, onProgress };
  try {
    const there = { ...bucket, runner: room.runner };
    const { leftOut } = await bringTree(there, first, { folder: room.path, options });
    return {
      ...{ syncId, method: 'Snapshot', path: treeIn(room.path), live: false },
      capturedAt: await capturedAt(bucket),
      ...(leftOut.length > 0 && { leftOut }),
    };
  } finally {
    await room.close();
  }
}

/** Makes the tree what lies there, and notes what that was. */
async function bringTree(
  bucket: Bucket,
  first: Look,
  { folder, options }: Pick<Fetching, 'folder' | 'options'>,
): Promise<Theirs> {
  const { runner } = bucket;
  await runner.endAttempts(options.attempt);
  const incoming = join(folder, 'fetched');
  await runner.files.remove(incoming);
  const known = await recall(bucket, folder);
  const { theirs, files } = await take(bucket, first, { folder, incoming, options, known });
  const want = treeOf(theirs, files);
  const fault = findFault(want);
  if (fault !== undefined)
    throw makeError(bucket, 'VerificationFailed', `what lies in it is no tree of files: ${fault}`, {
      hint: 'remove one of the two there',
    });
  await makeTree(bucket, {
    ...{ ...options, want, folder, called: 'what VolSync wrote' },
    fetch: (missing, into) => placeFetched(bucket, missing, { incoming, into, options }),
  });
  await runner.files.remove(incoming);
  const text = encodeManifest({ relationship: '', epoch: 0, syncId: '', entries: want });
  await runner.files.write(join(folder, 'state.jsonl'), text, 0o600);
  return theirs;
}

/** What this attempt has fetched is there; what somebody has taken from the tree is fetched once more. */
async function placeFetched(
  bucket: Bucket,
  missing: readonly Entry[],
  { incoming, into, options }: { incoming: string; into: string; options: CopyOptions },
): Promise<void> {
  const { runner } = bucket;
  await runner.files.remove(into);
  if (missing.length === 0) return;
  await runner.files.mkdir(into, 0o700);
  const keys = missing.map(({ path }) => Buffer.from(keyOf(path)).toString('latin1'));
  const folders = new Set(keys.map((key) => `./${dirname(key)}`));
  await runChecked(runner, ['xargs', '-0', 'mkdir', '-p', '--'], {
    cwd: into,
    stdin: nulWords([...folders]),
  });
  const from = Buffer.from(incoming).toString('latin1');
  const stdin = nulWords(keys.flatMap((key) => [`${from}/${key}`, `./${key}`]));
  // Those that are not there are fetched below.
  await runner.run(['xargs', '-0', '-n2', 'mv', '-fT', '--'], { cwd: into, stdin });
  const hashes = await hashBrought(bucket, missing, into, options.signal);
  const open = missing.filter(({ path, sha256 }) => hashes.get(path) !== sha256);
  await bringProved(bucket, open, into, options);
}
