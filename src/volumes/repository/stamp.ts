/** What a snapshot says of the recovery point that it is, in its tags. Pure. */
import { z } from 'zod';
import type { Point } from '../../model/records';
import type { PointStamp } from '../contract';
import { PointStampSchema } from '../shared/points';

/** A snapshot as `restic snapshots --json` has it, as far as anybody here asks. */
export const SnapshotSchema = z.object({
  id: z.string(),
  /** What it was called before it was given other tags for the first time. */
  original: z.string().exactOptional(),
  time: z.string(),
  tags: z.array(z.string()).default([]),
  /** Where the source lay: one folder. */
  paths: z.array(z.string()).default([]),
  excludes: z.array(z.string()).default([]),
  hostname: z.string().default(''),
});
export type Snapshot = z.output<typeof SnapshotSchema>;

export const TAGS = {
  ours: 'tidemark',
  relationship: 'relationship',
  sync: 'sync',
  epoch: 'epoch',
  /** The source's own folder, as `describeRoot` has it. */
  root: 'root',
  stamp: 'stamp',
} as const;

export const makeTag = (key: string, value: string): string => `${key}=${value}`;

/** What a tag says; undefined where there is none of that key. */
export function readTag({ tags }: Snapshot, key: string): string | undefined {
  const found = tags.find((tag) => tag.startsWith(`${key}=`));
  return found?.slice(key.length + 1);
}

const StampSchema = PointStampSchema.extend({ verifiedAt: z.string().exactOptional() });
export type Stamp = z.output<typeof StampSchema>;

/** As the restic mover of VolSync makes its snapshots. */
export const VOLSYNC = { host: 'volsync', path: '/data' } as const;

/** One that VolSync made, or somebody who does as it does. */
export const isOfVolsync = ({ tags, hostname, paths }: Snapshot): boolean =>
  !tags.includes(TAGS.ours) && hostname === VOLSYNC.host && paths.length === 1 && paths[0] === VOLSYNC.path;

/** The recovery point that such a snapshot stands for: whoever made it noted no more of it. */
export function stampOfVolsync({ id, original, time }: Snapshot): Stamp {
  const at = new Date(time).toISOString();
  const name = `restic:${(original ?? id).slice(0, 16)}`;
  return { id: name, syncId: '', sequence: 0, capturedAt: at, publishedAt: at, bytes: 0, files: 0 };
}

/** A tag may hold no comma. */
export const encodeStamp = (stamp: PointStamp | Stamp): string =>
  makeTag(TAGS.stamp, Buffer.from(JSON.stringify(stamp)).toString('base64url'));

/** Undefined for a snapshot that never became a recovery point: its sync was cut off, or it is somebody else's. */
export function readStamp(snapshot: Snapshot): Stamp | undefined {
  const text = readTag(snapshot, TAGS.stamp);
  if (text === undefined) return isOfVolsync(snapshot) ? stampOfVolsync(snapshot) : undefined;
  try {
    return StampSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return undefined;
  }
}

export const pointOf = (snapshot: Snapshot, stamp: Stamp): Point => ({
  ...stamp,
  method: 'Snapshot',
  identity: `restic:${snapshot.original ?? snapshot.id}`,
});
