/**
 * Sends a source to a bucket as VolSync's mover would. While that goes on, there is no `permissions.facl`: without it, VolSync's
 * destination brings nothing. It is written last.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { TidemarkError } from '../../../model/errors';
import type { Claim, TransferStats } from '../../../model/records';
import type { Host } from '../../../hosts/contract';
import { nulWords } from '../../../hosts/nul-words';
import { runChecked } from '../../../hosts/run-checked';
import type { TransferRequest } from '../../../movers/contract';
import { makeError } from '../../shared/tools';
import { checkOwner } from '../claims';
import { HashMemory } from '../hashes';
import { makeStateId, numberOf, toText } from '../layout';
import { listAll } from '../listing';
import { type Entry, identityOf } from '../manifest';
import { folderOf, forgetLooks, type Notes, readNotes, removeKeys, writeBegun } from '../notes';
import { at, type Bucket, bucketAt, runLight, runRcloneChecked } from '../rclone';
import { noteSent } from '../sent';
import { nextStateId, writeManifest } from '../states';
import { countChanges, listGone, planWrite, type WritePlan } from '../send/plan';
import {
  guardDeletions,
  knowHashes,
  type Look as SourceLook,
  lookAtSource,
  readNewest,
  sumBytes,
} from '../send/source';
import { readVolume } from '../send/told';
import { sendAttempt } from '../send/transfer';
import { write, type Written } from '../send/write';
import { FACL, renderFacl } from './facl';
import { type Held, holdTree, type StoreFeatures } from './held';
import { newestOf } from './points';
import { featuresOf } from './features';
import { besideOf, contentOf, look, type Look } from './store';

interface Prepared {
  source: SourceLook;
  held: Held;
  features: StoreFeatures;
  there: Look;
  notes: Notes;
  /** The newest state that was written whole, whether or not it became a point. */
  newest: { id?: string; entries: readonly Entry[] };
  /** After every state that was ever begun. */
  next: string;
  /** As the source is now. */
  entries: Entry[];
}

function stateAfter(next: string, { begun }: Notes): string {
  const number = Math.max(numberOf(next), ...begun.map(({ state }) => numberOf(state) + 1));
  return makeStateId(number, next.slice(next.indexOf('-') + 1));
}

async function prepare(bucket: Bucket, request: TransferRequest, memory: HashMemory): Promise<Prepared> {
  const beside = besideOf(bucket);
  const [source, there, listing, notes, features] = await Promise.all([
    lookAtSource(request),
    look(bucket),
    listAll(beside),
    readNotes(beside),
    featuresOf(bucket),
  ]);
  const held = holdTree(source.scanned.entries, features);
  const newest = await readNewest(beside, listing);
  const known = { memory, found: held.entries, before: newest.entries, request };
  const entries = await knowHashes(bucket, source, known);
  const next = stateAfter(nextStateId(listing), notes);
  return { source, held, features, there, notes, newest, next, entries };
}

/** @throws TidemarkError `Fenced` where somebody else writes there by now */
async function checkStillOwner(bucket: Bucket, { id, remembered }: TransferRequest): Promise<Claim> {
  const beside = besideOf(bucket);
  forgetLooks(beside);
  const claim: Claim = { relationship: id.relationship, epoch: remembered?.epoch ?? 0, role: 'target' };
  checkOwner(beside, await readNotes(beside), claim);
  return claim;
}

/** Folders that are to be there, as keys; none where the store has no folders of their own. */
const foldersOf = (entries: readonly Entry[], { hasFolders }: StoreFeatures): Set<string> =>
  new Set(
    hasFolders
      ? entries.filter(({ type, path }) => type === 'd' && path !== '').map(({ path }) => toText(path) ?? '')
      : [],
  );

/** Whether folders of the store are others than they are to be. */
function hasOtherFolders({
  features,
  there,
  entries,
}: Pick<Prepared, 'features' | 'there' | 'entries'>): boolean {
  if (!features.hasFolders) return false;
  const wanted = foldersOf(entries, features);
  return wanted.size !== there.folders.size || [...wanted].some((folder) => !there.folders.has(folder));
}

/** Has the store have the folders that the source has, empty ones among them. */
async function setFolders(
  bucket: Bucket,
  entries: readonly Entry[],
  { features, attempt }: { features: StoreFeatures; attempt: string },
): Promise<void> {
  const { runner } = bucket;
  const from = join(runner.scratch, `folders-${randomUUID()}`);
  await runRcloneChecked(bucket, ['rmdirs', '--leave-root', '--', bucket.volume.path], { attempt }, [3]);
  try {
    await runner.files.mkdir(from, 0o700);
    const names = [...foldersOf(entries, features)].map(
      (name) => `./${Buffer.from(name).toString('latin1')}`,
    );
    if (names.length > 0)
      await runChecked(runner, ['xargs', '-0', 'mkdir', '-p', '--'], { cwd: from, stdin: nulWords(names) });
    await runRcloneChecked(bucket, ['copy', '--create-empty-src-dirs', '--', from, bucket.volume.path], {
      attempt,
    });
  } finally {
    await runner.files.remove(from);
  }
}

/** Whole or not at all where the store has that, and with a checksum where it keeps one: what is streamed may have none. */
async function writeFacl(bucket: Bucket, text: string): Promise<void> {
  const { runner } = bucket;
  const folder = join(runner.scratch, `facl-${randomUUID()}`);
  try {
    await runner.files.mkdir(folder, 0o700);
    const file = join(folder, FACL);
    await runChecked(runner, ['tee', '--', file], {
      stdin: Buffer.from(text, 'latin1'),
      maxOutputBytes: 1024,
    });
    await runLight(bucket, ['copyto', '--ignore-times', '--', file, at(bucket, FACL)], {
      timeoutMs: 600_000,
    });
  } finally {
    await runner.files.remove(folder);
  }
}

/** Changes what lies there: from here on it is of two states. */
async function change(
  bucket: Bucket,
  request: TransferRequest,
  { prepared, plan, attempt }: { prepared: Prepared; plan: WritePlan; attempt: string },
): Promise<Written> {
  const { source, features, there, entries, next } = prepared;
  const { reach, capture, signal, onProgress } = request;
  if (there.files.has(FACL)) await removeKeys(bucket, [FACL]);
  const written = await write(bucket, {
    ...{ entries, plan, first: next, replaced: undefined },
    ...{ isLive: capture.live, look: source.scanned },
    hold: (found) => holdTree(found, features).entries,
    options: { root: reach.path, attempt, signal, onProgress },
  });
  if (features.hasFolders) await setFolders(bucket, written.entries, { features, attempt });
  return written;
}

/** What is there is of two states by now: whoever is told of the failure is told that too. */
function makeBroken(bucket: Bucket, error: unknown, relationship: string): unknown {
  if (!(error instanceof TidemarkError)) return error;
  const { hint, toolMessage } = error.details;
  const told = `what is in ${bucket.volume.path} is of two states until a sync succeeds: tidemark sync ${relationship}`;
  return makeError(
    bucket,
    error.type,
    error.message,
    {
      hint: hint === undefined ? told : `${hint}; ${told}`,
      ...(toolMessage !== undefined && { toolMessage }),
    },
    error,
  );
}

/** What the newest point has and the source has not; and what others have put there, which goes too. */
function listGoing(
  published: readonly Entry[],
  { newest, entries }: Prepared,
  { removed }: WritePlan,
): string[] {
  const known = new Set(newest.entries.map(({ path }) => toText(path)));
  return [...listGone(published, entries), ...removed.filter((key) => !known.has(key))];
}

/** What there is to do is nothing, and all is as the newest state says. */
function isDone(prepared: Prepared, plan: WritePlan): boolean {
  const { there, newest, entries, notes } = prepared;
  const isUntouched = plan.added.length + plan.replaced.length + plan.removed.length === 0;
  const isLast = newest.id !== undefined && notes.begun.every(({ state }) => state <= (newest.id ?? ''));
  return (
    isUntouched &&
    isLast &&
    identityOf(entries) === identityOf(newest.entries) &&
    !hasOtherFolders(prepared) &&
    there.facl === renderFacl(entries)
  );
}

/** `transfer` of the mover contract. */
export async function transfer(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { id, reach, opened } = request;
  const bucket = bucketAt(host, readVolume(opened), reach.runner);
  const beside = besideOf(bucket);
  const attempt = sendAttempt(host.home, id);
  await reach.runner.endAttempts(attempt);
  const startedAt = performance.now();
  const memoryPath = join(folderOf(bucket), 'hashes', `${encodeURIComponent(id.relationship)}.jsonl`);
  const memory = await HashMemory.open(host.files, memoryPath);
  const prepared = await prepare(bucket, request, memory);
  const { source, there, newest, entries } = prepared;
  const files = entries.filter(({ type }) => type === 'f');
  const plan = planWrite({ files, before: newest.entries, listing: contentOf(there.files) });
  // What a sync that was cut off has written whole is what its point would have had.
  const published = newestOf(prepared.notes, id.relationship) ? newest.entries : [];
  guardDeletions(bucket, request, listGoing(published, prepared, plan));
  const { relationship, epoch } = await checkStillOwner(bucket, request);
  const { syncId } = id;
  const finish = async ({
    entries: after,
    sentBytes,
    vanished,
  }: Pick<Written, 'entries' | 'sentBytes' | 'vanished'>) => {
    await memory.replace(after, source.witnesses, source.trustedBefore);
    const gone = listGone(published, after).length;
    const leftOut = [...source.scanned.leftOut, ...prepared.held.leftOut];
    return {
      ...{ bytesSent: sentBytes, bytesChanged: sentBytes },
      ...{ filesChanged: countChanges(published, after) + gone, filesDeleted: gone },
      ...{ totalBytes: sumBytes(after), totalFiles: after.length },
      ...{ durationMs: Math.round(performance.now() - startedAt), filesVanished: vanished },
      ...(leftOut.length > 0 && { leftOut }),
    };
  };
  if (newest.id !== undefined && isDone(prepared, plan)) {
    await noteSent(beside, id, { syncId, state: newest.id, identity: identityOf(newest.entries) });
    return await finish({ entries, sentBytes: 0, vanished: 0 });
  }
  await writeBegun(beside, prepared.next);
  try {
    const written = await change(bucket, request, { prepared, plan, attempt });
    await checkStillOwner(bucket, request);
    await writeFacl(bucket, renderFacl(written.entries));
    // Not that of what was sent aside: what was begun is what ends.
    const state = prepared.next;
    await writeManifest(beside, state, { relationship, epoch, syncId, entries: written.entries });
    await noteSent(beside, id, { syncId, state, identity: identityOf(written.entries) });
    return await finish(written);
  } catch (error) {
    throw makeBroken(bucket, error, relationship);
  }
}
