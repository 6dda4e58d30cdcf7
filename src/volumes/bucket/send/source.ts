/** What a source holds, before anything of it is sent, and what a state of a bucket has of it already. */
import { TidemarkError } from '../../../model/errors';
import type { Runner } from '../../../hosts/contract';
import type { TransferRequest } from '../../../movers/contract';
import { makeApprovalRequired } from '../../../movers/shared/approval';
import { findBirth } from '../../../trees/birth';
import { TICK_SECONDS } from '../../../trees/fingerprint';
import { walk } from '../../../trees/walk';
import { hashFiles, type HashMemory, withHash } from '../hashes';
import type { Listing } from '../listing';
import type { Entry } from '../manifest';
import type { Bucket } from '../rclone';
import { scan, type Scan, type Witness } from '../scan';
import { readManifest, statesIn } from '../states';

/** Files of a live volume, by which those of its clone are known again. */
async function lookForWitnesses(runner: Runner, root: string): Promise<Map<string, Witness>> {
  const found = new Map<string, Witness>();
  await walk(runner, root, ({ type, path, inode, ctime }) => {
    if (type === 'f') found.set(path.slice('./'.length), { inode, ctime });
  });
  return found;
}

export interface Look {
  scanned: Scan;
  witnesses: ReadonlyMap<string, Witness>;
  /** Seconds: what changed later is read again next time. */
  trustedBefore: number;
}

/** What the source holds, and by what its files are known again: of a clone, whose files are all new, by the live volume's. */
export async function lookAtSource({ reach, remembered, signal }: TransferRequest): Promise<Look> {
  const { runner, path } = reach;
  const scanned = await scan(runner, path, signal);
  const livePath = remembered?.livePath;
  if (livePath === undefined)
    return { scanned, witnesses: scanned.witnesses, trustedBefore: scanned.startedAt - TICK_SECONDS };
  const [born, witnesses] = await Promise.all([findBirth(runner, path), lookForWitnesses(runner, livePath)]);
  return { scanned, witnesses, trustedBefore: born - TICK_SECONDS };
}

/** The newest state, whether or not it became a point; nothing where its manifest can't be trusted: then all is sent again. */
export async function readNewest(
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

export interface KnowRequest {
  memory: HashMemory;
  /** Of the source. */
  found: readonly Entry[];
  /** Of the newest state. */
  before: readonly Entry[];
  request: TransferRequest;
}

/** Gives files the checksums that are remembered; and reads those of which it has to be known before anything is sent. */
export async function knowHashes(
  bucket: Bucket,
  { witnesses, trustedBefore }: Look,
  { memory, found, before, request }: KnowRequest,
): Promise<Entry[]> {
  const there = new Map(before.map((entry) => [entry.path, entry]));
  const trusted = new Map([...witnesses].filter(([, { ctime }]) => Number(ctime) < trustedBefore));
  const entries = memory.recall(found, trusted);
  const isDoubtful = ({ path, type, sha256, bytes }: Entry) =>
    type === 'f' && sha256 === undefined && there.get(path)?.bytes === bytes;
  const doubtful = entries.filter(isDoubtful);
  const { reach, signal } = request;
  const hashes = await hashFiles(bucket, reach.path, doubtful, signal);
  return entries.map((entry) => withHash(entry, entry.sha256 ?? hashes.get(entry.path)));
}

/** @throws TidemarkError `ApprovalRequired` where more would go than may */
export function guardDeletions({ host }: Bucket, request: TransferRequest, gone: readonly string[]): void {
  const { maxDeletions } = request;
  if (maxDeletions === undefined || gone.length <= maxDeletions) return;
  throw makeApprovalRequired(gone.length, request, host, { examples: gone, changedNothing: true });
}

/** Sums over files, of which one of several names counts once. */
export const sumBytes = (entries: readonly Entry[]): number =>
  entries.reduce((sum, { bytes = 0, linkOf }) => (linkOf === undefined ? sum + bytes : sum), 0);
