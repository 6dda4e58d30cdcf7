/** Writes a state's objects, and finds out what became of each. The manifest is the caller's. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../../model/errors';
import { TICK_SECONDS } from '../../../trees/fingerprint';
import { hashFiles, withHash } from '../hashes';
import { type KeptFolder, keyOf } from '../layout';
import { listSome, type Listing } from '../listing';
import type { Entry, ObjectMark } from '../manifest';
import type { Bucket } from '../rclone';
import { type Scan, scan } from '../scan';
import { sendAside } from './aside';
import { foldersInTheWay, type Upload, type WritePlan } from './plan';
import { moveAway, removeFolders, upload, type UploadOptions } from './upload';

export interface WriteRequest {
  /** Of the new state; files without a checksum are read while they are sent. */
  entries: readonly Entry[];
  plan: WritePlan;
  /** The id of the new state, as long as nothing has to be sent twice. */
  first: string;
  /** The state that is there, of which is kept what is replaced; undefined: of a layout that keeps nothing of it. */
  replaced: string | undefined;
  /** Of what a look at the source finds: what the layout holds of it. By default all. */
  hold?: (entries: readonly Entry[]) => readonly Entry[];
  /** The source may change while it is read. */
  isLive: boolean;
  /** By which the entries were seen. */
  look: Scan;
  options: UploadOptions;
}

export interface Written {
  /** With checksums, and with what their objects are. */
  entries: Entry[];
  state: string;
  /** Objects that were sent or moved away. */
  sentKeys: number;
  sentBytes: number;
  /** Files that were deleted while a live source was read. */
  vanished: number;
}

/** What an object is to be: as long as its file. */
type Lengths = ReadonlyMap<string, number>;

const lengthsOf = (files: readonly Entry[]): Lengths =>
  new Map(files.map(({ path, bytes = 0 }) => [keyOf(path), bytes]));

/** A listing may be behind what was written. */
const LISTING_TRIES = 6;
const LISTING_WAIT_MS = 2_000;

/** What the store shows of what was sent: perhaps only after a while, perhaps less. */
async function lookAtSent(bucket: Bucket, lengths: Lengths, tries = LISTING_TRIES): Promise<Listing> {
  for (;;) {
    const listing = await listSome(bucket, [...lengths.keys()]);
    const isShown = [...lengths].every(([key, bytes]) => listing.get(key)?.bytes === bytes);
    if (isShown || --tries <= 0) return listing;
    await sleep(LISTING_WAIT_MS);
  }
}

/** @throws TidemarkError `TransferInterrupted` where the store does not show all that was sent */
function checkShown({ host, volume }: Bucket, lengths: Lengths, listing: Listing): void {
  const missing = [...lengths]
    .filter(([key, bytes]) => listing.get(key)?.bytes !== bytes)
    .map(([key]) => key);
  if (missing.length === 0) return;
  throw new TidemarkError('TransferInterrupted', 'the store does not show what was sent to it', {
    ...{ host: host.name, volume: volume.path, toolMessage: missing.slice(0, 5).join('\n') },
    hint: 'see whether somebody else writes there, and whether the store tells A from a in names',
  });
}

/** Where a state puts what it replaces. */
const keptBy = (replaced: string | undefined, by: string): KeptFolder | undefined =>
  replaced === undefined ? undefined : { replaced, by };

/** @returns what failed, of a live source: files that change or vanish while they are read are sent once more */
async function uploadAll(
  bucket: Bucket,
  { plan, first, replaced, isLive, options }: WriteRequest,
): Promise<TidemarkError | undefined> {
  try {
    await upload(bucket, plan.added, undefined, options);
    await upload(bucket, plan.replaced, keptBy(replaced, first), options);
    return undefined;
  } catch (error) {
    if (isLive && error instanceof TidemarkError && error.type === 'ToolFailed') return error;
    throw error;
  }
}

const isFile = ({ type }: Entry) => type === 'f';

/** What a first pass has brought about. */
interface Pass {
  entries: Entry[];
  objects: Map<string, ObjectMark>;
  lengths: Lengths;
}

/**
 * What a live source changed while it was read is read again, from copies that stand still: so each object is what the manifest says
 * of it, though the files of one state may be of different moments.
 */
async function settle(
  bucket: Bucket,
  request: WriteRequest,
  pass: Pass,
): Promise<Pass & { state: string; vanished: number }> {
  const { look, first, plan, options, replaced, hold = (entries) => entries } = request;
  const now = await scan(bucket.runner, options.root, options.signal);
  const found = hold(now.entries);
  const read = new Map(pass.entries.map((entry) => [entry.path, entry]));
  const isSettled = ({ path }: Entry) => {
    const [was, is] = [look.witnesses.get(path), now.witnesses.get(path)];
    // What changed within the grain of the clock before it was looked at may have changed again, unseen.
    const isOld = was !== undefined && Number(was.ctime) < look.startedAt - TICK_SECONDS;
    const isUntouched = isOld && was.inode === is?.inode && was.ctime === is.ctime;
    const key = keyOf(path);
    const isThere = plan.unchanged.has(path) || pass.objects.get(key)?.bytes === pass.lengths.get(key);
    return isUntouched && isThere && read.get(path)?.sha256 !== undefined;
  };
  const open = found.filter((entry) => isFile(entry) && !isSettled(entry));
  const aside = await sendAside(bucket, open, { first, replaced, options });
  const openPaths = new Set(open.map(({ path }) => path));
  const entries = found.flatMap((entry) => {
    if (openPaths.has(entry.path)) return aside.files.get(entry.path) ?? [];
    return withHash(entry, read.get(entry.path)?.sha256);
  });
  const vanished = pass.entries.filter((entry) => isFile(entry) && !now.witnesses.has(entry.path)).length;
  const lengths = lengthsOf([...aside.files.values()]);
  const listing = await lookAtSent(bucket, lengths);
  checkShown(bucket, lengths, listing);
  for (const key of lengths.keys()) {
    const mark = listing.get(key);
    if (mark) pass.objects.set(key, mark);
  }
  return {
    ...{ ...pass, entries, state: aside.state, vanished: vanished + open.length - aside.files.size },
    lengths: new Map([...pass.lengths, ...lengths]),
  };
}

/** Further names of a file that is gone by now are files of their own. */
function mendLinks(entries: readonly Entry[]): Entry[] {
  const first = new Map<string, Entry>();
  return entries.map((entry) => {
    const { linkOf, ...rest } = entry;
    if (linkOf === undefined) {
      first.set(entry.path, entry);
      return entry;
    }
    const named = first.get(linkOf);
    return named?.type === entry.type && named.sha256 === entry.sha256 ? entry : rest;
  });
}

/** Writes what the plan says; asks then what the store shows of it. */
export async function write(bucket: Bucket, request: WriteRequest): Promise<Written> {
  const { entries, plan, first, replaced, isLive, options } = request;
  const uploads: Upload[] = [...plan.added, ...plan.replaced];
  await moveAway(bucket, plan.removed, keptBy(replaced, first), options);
  await removeFolders(bucket, foldersInTheWay(plan));
  const paths = new Set(uploads.map(({ path }) => path));
  const sent = entries.filter((entry) => isFile(entry) && paths.has(entry.path));
  const unread = sent.filter(({ sha256 }) => sha256 === undefined);
  const [failed, hashes] = await Promise.all([
    uploadAll(bucket, request),
    hashFiles(bucket, options.root, unread, options.signal),
  ]);
  const lengths = lengthsOf(sent);
  const listing = await lookAtSent(bucket, lengths, isLive ? 1 : LISTING_TRIES);
  const objects = new Map(
    [...lengths.keys()].flatMap((key) => {
      const mark = listing.get(key);
      return mark ? [[key, mark] as const] : [];
    }),
  );
  const pass: Pass = {
    entries: entries.map((entry) => withHash(entry, entry.sha256 ?? hashes.get(entry.path))),
    objects,
    lengths,
  };
  if (!isLive) checkShown(bucket, lengths, listing);
  const done = isLive ? await settle(bucket, request, pass) : { ...pass, state: first, vanished: 0 };
  // What failed is put right by now, or what it was about is gone.
  if (failed && done.entries.some((entry) => isFile(entry) && entry.sha256 === undefined)) throw failed;
  return {
    state: done.state,
    vanished: done.vanished,
    entries: mendLinks(
      done.entries.map((entry) => {
        const object = isFile(entry)
          ? (done.objects.get(keyOf(entry.path)) ?? plan.unchanged.get(entry.path))
          : undefined;
        return object ? { ...entry, object } : entry;
      }),
    ),
    sentKeys: uploads.length + plan.removed.length,
    sentBytes: [...done.lengths.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}
