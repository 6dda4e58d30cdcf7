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

/** A manifest that cannot be read is a state that nobody can vouch for. @throws TidemarkError `VerificationFailed` */
export async function readManifest(bucket: Bucket, stateId: string): Promise<Manifest> {
  const { files } = bucket.host;
  const kept = await files.read(copyOf(bucket, stateId));
  if (kept !== undefined) return decodeManifest(kept);
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
    const manifest = decodeManifest(text);
    await files.write(copyOf(bucket, stateId), text, 0o600);
    return manifest;
  } catch (error) {
    throw fail(`the manifest of state ${stateId} is damaged: ${String(error)}`, error);
  }
}

/** Says that all objects of a state are there: written last. */
export async function writeManifest(bucket: Bucket, stateId: string, manifest: Manifest): Promise<void> {
  const text = encodeManifest(manifest);
  await writeObject(bucket, manifestKey(stateId), await pack(text));
  await bucket.host.files.write(copyOf(bucket, stateId), text, 0o600);
}

/** Copies of manifests that are no longer there. */
export async function dropCopies(bucket: Bucket, stateIds: readonly string[]): Promise<void> {
  for (const stateId of stateIds) await bucket.host.files.remove(copyOf(bucket, stateId));
}
