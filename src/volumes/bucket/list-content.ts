/** What a recovery point holds, by the manifest of its state: nothing else is fetched. */
import type { Host } from '../../hosts/contract';
import type { Entry } from '../../model/point-content';
import type { Volume } from '../../model/records';
import { showPath } from '../../trees/left-out';
import { toInstant, typeOf } from '../../trees/list-tree';
import type { ListRequest } from '../contract';
import type { Entry as ManifestEntry } from './manifest';
import { findKept } from './points';
import { type Bucket, bucketAt } from './rclone';
import { readManifest } from './states';

function toEntry({ path, type, mode, uid, gid, mtime, bytes, sha256, target }: ManifestEntry): Entry {
  const modifiedAt = toInstant(mtime);
  return {
    ...{ path: showPath(path), type: typeOf(type), mode, owner: `${uid}:${gid}` },
    ...(bytes !== undefined && { bytes }),
    ...(modifiedAt !== undefined && { modifiedAt }),
    ...(sha256 !== undefined && { digest: `sha256:${sha256}` }),
    ...(target !== undefined && { target: showPath(target) }),
  };
}

/** @param bucket where the manifests lie */
export async function listState(
  bucket: Bucket,
  stateId: string,
  onEntry: (entry: Entry) => void,
): Promise<void> {
  const { entries } = await readManifest(bucket, stateId);
  for (const entry of entries) if (entry.path !== '') onEntry(toEntry(entry));
}

/** `listContent` of the volume contract. */
export async function listContent(
  host: Host,
  volume: Volume,
  { relationship, pointId }: ListRequest,
  onEntry: (entry: Entry) => void,
): Promise<void> {
  const bucket = bucketAt(host, volume);
  const { state } = await findKept(bucket, relationship, pointId);
  await listState(bucket, state, onEntry);
}
