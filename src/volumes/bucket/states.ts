/** States of a bucket: their manifests, of which the agent keeps copies, since they never change. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { makeError } from '../shared/tools';
import { makeStateId, manifestKey, numberOf, parseKept, stateAt } from './layout';
import type { Listing } from './listing';
import { decodeManifest, encodeManifest, type Manifest } from './manifest';
import { folderOf } from './notes';
import { type Bucket, readObject, writeObject } from './rclone';

const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

/** Of a listing: every state that has a manifest, oldest first. */
export const statesIn = (listing: Listing): string[] =>
  [...listing.keys()].flatMap((key) => stateAt(key) ?? []).toSorted();

/** An id that is after every state that was ever begun, as far as the listing tells. */
export function nextStateId(listing: Listing): string {
  const numbers = [...listing.keys()].flatMap((key) => {
    const kept = parseKept(key);
    return [stateAt(key), kept?.replaced, kept?.by].flatMap((id) => (id === undefined ? [] : [numberOf(id)]));
  });
  // Not by spreading: there may be more than a call takes arguments.
  const highest = numbers.reduce((one, other) => Math.max(one, other), 0);
  return makeStateId(highest + 1, randomBytes(4).toString('hex'));
}

const copyOf = (bucket: Bucket, stateId: string) => join(folderOf(bucket), 'manifests', `${stateId}.jsonl`);
/** How long the manifest is in the store, in bytes. */
const lengthOf = (bucket: Bucket, stateId: string) => join(folderOf(bucket), 'manifests', `${stateId}.bytes`);

async function keepCopy(bucket: Bucket, stateId: string, text: string, packed: Buffer): Promise<void> {
  const { files } = bucket.host;
  await files.write(lengthOf(bucket, stateId), String(packed.length), 0o600);
  await files.write(copyOf(bucket, stateId), text, 0o600);
}

/** As it is in the store. A manifest that cannot be read is a state that nobody can vouch for. @throws TidemarkError `VerificationFailed` */
async function fetchManifest(
  bucket: Bucket,
  stateId: string,
): Promise<{ text: string; packed: Buffer; manifest: Manifest }> {
  const packed = await readObject(bucket, manifestKey(stateId));
  const fail = (message: string, cause?: unknown) =>
    makeError(
      bucket,
      'VerificationFailed',
      message,
      { hint: 'other recovery points may be whole; the next sync makes a new one' },
      cause,
    );
  if (!packed)
    throw fail(`the manifest of state ${stateId} is gone: somebody removed ${manifestKey(stateId)}`);
  try {
    const text = (await unpack(packed)).toString();
    return { text, packed, manifest: decodeManifest(text) };
  } catch (error) {
    throw fail(`the manifest of state ${stateId} is damaged: ${String(error)}`, error);
  }
}

/** From this host's copy, where it has one. @throws TidemarkError as `fetchManifest` has it */
export async function readManifest(bucket: Bucket, stateId: string): Promise<Manifest> {
  const { files } = bucket.host;
  const kept = await files.read(copyOf(bucket, stateId));
  if (kept !== undefined) return decodeManifest(kept);
  const { text, packed, manifest } = await fetchManifest(bucket, stateId);
  await keepCopy(bucket, stateId, text, packed);
  return manifest;
}

/** That the store has the manifest that this host went by: others have no copy. @throws TidemarkError `VerificationFailed` */
export async function proveManifest(bucket: Bucket, stateId: string): Promise<void> {
  const { text } = await fetchManifest(bucket, stateId);
  const copy = await bucket.host.files.read(copyOf(bucket, stateId));
  if (copy === undefined || copy === text) return;
  throw makeError(
    bucket,
    'VerificationFailed',
    `the manifest of state ${stateId} is another one than was written: somebody changed ${manifestKey(stateId)}`,
    { hint: 'other recovery points may be whole; the next sync makes a new one' },
  );
}

/** Whether the store still has a manifest of the length that it was written with, as far as this host knows that. */
export async function isManifestAsWritten(
  bucket: Bucket,
  stateId: string,
  listing: Listing,
): Promise<boolean> {
  const bytes = await bucket.host.files.read(lengthOf(bucket, stateId));
  return bytes === undefined || listing.get(manifestKey(stateId))?.bytes === Number(bytes);
}

/** Says that all objects of a state are there: written last. */
export async function writeManifest(bucket: Bucket, stateId: string, manifest: Manifest): Promise<void> {
  const text = encodeManifest(manifest);
  const packed = await pack(text);
  await writeObject(bucket, manifestKey(stateId), packed);
  await keepCopy(bucket, stateId, text, packed);
}

/** Copies of manifests that are no longer there. */
export async function dropCopies(bucket: Bucket, stateIds: readonly string[]): Promise<void> {
  for (const stateId of stateIds)
    for (const path of [copyOf(bucket, stateId), lengthOf(bucket, stateId)])
      await bucket.host.files.remove(path);
}
