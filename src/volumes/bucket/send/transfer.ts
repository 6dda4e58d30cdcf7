/** Sends a source to a bucket. What it becomes is a state, by its manifest; a recovery point when it is published. */
import { join } from 'node:path';
import { TidemarkError } from '../../../model/errors';
import type { Claim, TransferStats } from '../../../model/records';
import type { Host, Runner } from '../../../hosts/contract';
import type { TransferId, TransferRequest } from '../../../movers/contract';
import { makeApprovalRequired } from '../../../movers/shared/approval';
import { findBirth } from '../../../trees/birth';
import { TICK_SECONDS } from '../../../trees/fingerprint';
import { walk } from '../../../trees/walk';
import { checkOwner } from '../claims';
import { hashFiles, HashMemory, withHash } from '../hashes';
import { keyOf, NO_STATE } from '../layout';
import { listAll, type Listing } from '../listing';
import { type Entry, identityOf } from '../manifest';
import { folderOf, forgetLooks, pointsOf, readNotes } from '../notes';
import { type Bucket, bucketAt } from '../rclone';
import { scan, type Scan, type Witness } from '../scan';
import { noteSent } from '../sent';
import { nextStateId, readManifest, statesIn, writeManifest } from '../states';
import { countChanges, listGone, planWrite, type WritePlan } from './plan';
import { readVolume } from './told';
import { write } from './write';

/** With the home, since agents of other homes on this machine may know a relationship of the same name. */
export const sendAttempt = (home: string, { relationship, target }: Omit<TransferId, 'syncId'>): string =>
  `send:${relationship}:${target}:${home}`;

/** Files of a live volume, by which those of its clone are known again. */
async function lookForWitnesses(runner: Runner, root: string): Promise<Map<string, Witness>> {
  const found = new Map<string, Witness>();
  await walk(runner, root, ({ type, path, inode, ctime }) => {
    if (type === 'f') found.set(path.slice('./'.length), { inode, ctime });
  });
  return found;
}

interface Look {
  scanned: Scan;
  witnesses: ReadonlyMap<string, Witness>;
  /** Seconds: what changed later is read again next time. */
  trustedBefore: number;
}

/** What the source holds, and by what its files are known again: of a clone, whose files are all new, by the live volume's. */
async function lookAtSource({ reach, remembered, signal }: TransferRequest): Promise<Look> {
  const { runner, path } = reach;
  const scanned = await scan(runner, path, signal);
  const livePath = remembered?.livePath;
  if (livePath === undefined)
    return { scanned, witnesses: scanned.witnesses, trustedBefore: scanned.startedAt - TICK_SECONDS };
  const [born, witnesses] = await Promise.all([findBirth(runner, path), lookForWitnesses(runner, livePath)]);
  return { scanned, witnesses, trustedBefore: born - TICK_SECONDS };
}

/** The newest state, whether or not it became a point; nothing where its manifest can't be trusted: then all is sent again. */
async function readNewest(
  bucket: Bucket,
  listing: Listing,
): Promise<{ id?: string; entries: readonly Entry[] }> {
  const id = statesIn(listing).at(-1);
  if (id === undefined) return { entries: [] };
  try {
    return { id, entries: (await readManifest(bucket, id)).entries };
  } catch (error) {
    if (error instanceof TidemarkError && error.type === 'VerificationFailed') return { id, entries: [] };
    throw error;
  }
}

/** Gives files the checksums that are remembered; and reads those of which it has to be known before anything is sent. */
async function knowHashes(
  bucket: Bucket,
  { scanned, witnesses, trustedBefore }: Look,
  { memory, before, request }: { memory: HashMemory; before: readonly Entry[]; request: TransferRequest },
): Promise<Entry[]> {
  const there = new Map(before.map((entry) => [entry.path, entry]));
  const trusted = new Map([...witnesses].filter(([, { ctime }]) => Number(ctime) < trustedBefore));
  const entries = memory.recall(scanned.entries, trusted);
  const isDoubtful = ({ path, type, sha256, bytes }: Entry) =>
    type === 'f' && sha256 === undefined && there.get(path)?.bytes === bytes;
  const doubtful = entries.filter(isDoubtful);
  const { reach, signal } = request;
  const hashes = await hashFiles(bucket, reach.path, doubtful, signal);
  return entries.map((entry) => withHash(entry, entry.sha256 ?? hashes.get(entry.path)));
}

/** @throws TidemarkError `ApprovalRequired` where more would go than may */
function guardDeletions({ host }: Bucket, request: TransferRequest, gone: readonly string[]): void {
  const { maxDeletions } = request;
  if (maxDeletions === undefined || gone.length <= maxDeletions) return;
  throw makeApprovalRequired(gone.length, request, host, { examples: gone });
}

/** Sums over files, of which one of several names counts once. */
const sumBytes = (entries: readonly Entry[]): number =>
  entries.reduce((sum, { bytes = 0, linkOf }) => (linkOf === undefined ? sum + bytes : sum), 0);

interface Prepared {
  look: Look;
  listing: Listing;
  /** The newest state, published or not. */
  newest: { id?: string; entries: readonly Entry[] };
  /** Of the newest recovery point. */
  published: readonly Entry[];
  /** As the source is now. */
  entries: Entry[];
}

async function prepare(bucket: Bucket, request: TransferRequest, memory: HashMemory): Promise<Prepared> {
  const [look, listing, notes] = await Promise.all([
    lookAtSource(request),
    listAll(bucket),
    readNotes(bucket),
  ]);
  const newest = await readNewest(bucket, listing);
  const entries = await knowHashes(bucket, look, { memory, before: newest.entries, request });
  const last = pointsOf(notes, request.id.relationship).at(-1);
  const published = last ? (await readManifest(bucket, last.state)).entries : [];
  return { look, listing, newest, published, entries };
}

/** What the newest point has and the source has not; and what others have put into the bucket, which goes too. */
function listGoing({ newest, published, entries }: Prepared, { removed }: WritePlan): string[] {
  const known = new Set(newest.entries.filter(({ type }) => type === 'f').map(({ path }) => keyOf(path)));
  return [...listGone(published, entries), ...removed.filter((key) => !known.has(key))];
}

/** Whoever wrote meanwhile in a later epoch is found before anything says that a state is whole. */
async function checkStillOwner(bucket: Bucket, { id, remembered }: TransferRequest): Promise<Claim> {
  forgetLooks(bucket);
  const claim: Claim = { relationship: id.relationship, epoch: remembered?.epoch ?? 0, role: 'target' };
  checkOwner(bucket, await readNotes(bucket), claim);
  return claim;
}

/** `transfer` of the mover contract. What an attempt has sent that was cut off, the next one sends again. */
export async function transfer(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { id, reach, opened, capture, signal, onProgress } = request;
  const bucket = bucketAt(host, readVolume(opened), reach.runner);
  const attempt = sendAttempt(host.home, id);
  await reach.runner.endAttempts(attempt);
  const startedAt = performance.now();
  const memoryPath = join(folderOf(bucket), 'hashes', `${encodeURIComponent(id.relationship)}.jsonl`);
  const memory = await HashMemory.open(host.files, memoryPath);
  const prepared = await prepare(bucket, request, memory);
  const { look, listing, newest, published, entries } = prepared;
  const files = entries.filter(({ type }) => type === 'f');
  const plan = planWrite({ files, before: newest.entries, listing });
  guardDeletions(bucket, request, listGoing(prepared, plan));
  const written = await write(bucket, {
    ...{ entries, plan, first: nextStateId(listing), replaced: newest.id ?? NO_STATE },
    ...{ isLive: capture.live, look: look.scanned },
    options: { root: reach.path, attempt, signal, onProgress },
  });
  const identity = identityOf(written.entries);
  const isAsBefore = written.sentKeys === 0 && identity === identityOf(newest.entries);
  const state = isAsBefore && newest.id !== undefined ? newest.id : written.state;
  const { relationship, epoch } = await checkStillOwner(bucket, request);
  const { syncId } = id;
  if (state !== newest.id)
    await writeManifest(bucket, state, { relationship, epoch, syncId, entries: written.entries });
  await memory.replace(written.entries, look.witnesses, look.trustedBefore);
  await noteSent(bucket, id, { syncId, state, identity });
  const gone = listGone(published, entries).length;
  const { leftOut } = look.scanned;
  return {
    ...{ bytesSent: written.sentBytes, bytesChanged: written.sentBytes },
    ...{ filesChanged: countChanges(published, written.entries) + gone, filesDeleted: gone },
    ...{ totalBytes: sumBytes(written.entries), totalFiles: written.entries.length },
    durationMs: Math.round(performance.now() - startedAt),
    filesVanished: written.vanished,
    ...(leftOut.length > 0 && { leftOut }),
  };
}
