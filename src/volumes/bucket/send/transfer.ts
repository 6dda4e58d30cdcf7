/** Sends a source to a bucket. What it becomes is a state, by its manifest; a recovery point when it is published. */
import { join } from 'node:path';
import type { Claim, TransferStats } from '../../../model/records';
import type { Host } from '../../../hosts/contract';
import type { TransferId, TransferRequest } from '../../../movers/contract';
import { checkOwner } from '../claims';
import { HashMemory } from '../hashes';
import { keyOf, NO_STATE } from '../layout';
import { listAll, type Listing } from '../listing';
import { type Entry, identityOf } from '../manifest';
import { folderOf, forgetLooks, pointsOf, readNotes } from '../notes';
import { type Bucket, bucketAt } from '../rclone';
import { noteSent } from '../sent';
import { isManifestAsWritten, nextStateId, readManifest, writeManifest } from '../states';
import { countChanges, listGone, planWrite, type WritePlan } from './plan';
import { guardDeletions, knowHashes, type Look, lookAtSource, readNewest, sumBytes } from './source';
import { readVolume } from './told';
import { write } from './write';

/** With the home, since agents of other homes on this machine may know a relationship of the same name. */
export const sendAttempt = (home: string, { relationship, target }: Omit<TransferId, 'syncId'>): string =>
  `send:${relationship}:${target}:${home}`;

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
  const entries = await knowHashes(bucket, look, {
    ...{ memory, found: look.scanned.entries, before: newest.entries, request },
  });
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
  const asBefore = isAsBefore ? newest.id : undefined;
  const isThere = asBefore !== undefined && (await isManifestAsWritten(bucket, asBefore, listing));
  const state = isThere ? asBefore : written.state;
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
