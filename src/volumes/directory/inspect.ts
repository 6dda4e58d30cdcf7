/** What a volume is, and what can be done with it on this very filesystem. */
import { NOT_CONTENT } from '../../trees/own-entries';
import { dirname, join } from 'node:path';
import { TidemarkError } from '../../model/errors';
import type { CaptureMethod, PointMethod, Volume } from '../../model/records';
import type { Room } from '../../model/room';
import type { Host } from '../../hosts/contract';
import type { Inspection } from '../contract';
import { findMount } from '../../trees/mounts';
import { findPlace, type Place } from './place';
import { showClaims } from '../shared/state';
import { classifyFailure, isFull, writeRecord } from '../shared/tools';

/** Filesystems that may share blocks between files; whether one does is tried. */
const MAY_REFLINK = new Set(['xfs', 'bcachefs', 'ocfs2', 'zfs', 'overlay', 'nfs', 'nfs4', 'cifs']);
const NO_HARD_LINKS = new Set(['vfat', 'exfat', 'msdos']);
const WITHOUT_SHARING =
  'use copyMethod HardLink (a target) or Direct (a source), or put the volume on btrfs or XFS';

/** `inspect` of the volume contract. */
export async function inspect(host: Host, volume: Volume): Promise<Inspection> {
  const place = await findPlace(host, volume);
  const claims = showClaims(place.state);
  return {
    exists: place.exists,
    filesystem: place.mount.type,
    mountPoint: place.mount.point,
    ...(await findRoom(place)),
    empty: !place.exists || (await isEmpty(place)),
    ...(await findMethods(place)),
    ...claims,
  };
}

/** On the volume's filesystem. */
export const findRoom = ({ host, mount, root, exists }: Place): Promise<Room> =>
  host.files.room(exists ? root : mount.point);

/** No entry but those that are not content. */
export const isEmpty = ({ host, root }: Place): Promise<boolean> => host.files.isEmpty(root, NOT_CONTENT);

type Methods = Pick<Inspection, 'capture' | 'points' | 'whyNot'>;

async function findMethods(place: Place): Promise<Methods> {
  const whyNot: Methods['whyNot'] = {};
  const snapshot = whyNoSnapshot(place);
  const clone = snapshotless(place) ?? (await whyNoClone(place));
  const hardLink = NO_HARD_LINKS.has(place.mount.type)
    ? `${place.mount.type} has no hard links: use copyMethod Direct, or another filesystem`
    : undefined;
  if (snapshot) whyNot.Snapshot = snapshot;
  if (clone) whyNot.Clone = clone;
  if (hardLink) whyNot.HardLink = hardLink;
  const isOffered = (method: CaptureMethod | PointMethod) => !Object.hasOwn(whyNot, method);
  const capture: CaptureMethod[] = ['Snapshot', 'Clone', 'Direct'];
  const points: PointMethod[] = ['Snapshot', 'Clone', 'HardLink', 'Direct'];
  return { capture: capture.filter(isOffered), points: points.filter(isOffered), whyNot };
}

/** What keeps snapshots and clones alike from being made. */
function snapshotless({ meta, mount, root, exists }: Place): string | undefined {
  if (mount.readOnly) return `${mount.point} is mounted read-only: use copyMethod Direct`;
  if (!exists || meta !== undefined) return undefined;
  return `nothing can be written in ${root} or beside it: let the agent write there, or use copyMethod Direct`;
}

function whyNoSnapshot(place: Place): string | undefined {
  const { mount, root, exists, isSubvolume } = place;
  if (mount.type !== 'btrfs') {
    const instead =
      mount.type === 'xfs' ? 'use copyMethod Clone, or put the volume on btrfs' : WITHOUT_SHARING;
    return `${mount.type} can't snapshot: ${instead}`;
  }
  if (exists && !isSubvolume) {
    return `${root} is not a btrfs subvolume: make it one (btrfs subvolume create), or use copyMethod Clone`;
  }
  return snapshotless(place);
}

/** Undefined where files can share blocks here. */
export async function whyNoClone(place: Place): Promise<string | undefined> {
  const { type } = place.mount;
  if (type === 'btrfs') return undefined;
  if (!MAY_REFLINK.has(type)) return `${type} can't share blocks between files: ${WITHOUT_SHARING}`;
  const toolMessage = await tryReflink(place);
  return toolMessage && `this ${type} can't share blocks between files (${toolMessage}): ${WITHOUT_SHARING}`;
}

/** Undefined where a clone of a tiny file works here; otherwise what the tool says. Leaves nothing. */
async function tryReflink(place: Place): Promise<string | undefined> {
  const { host, root, exists } = place;
  const folder = await firstWritable(host, [
    place.meta,
    dirname(root),
    ...(exists ? [root] : []),
    place.mount.point,
  ]);
  if (folder === undefined) return undefined;
  const mktemp = ['mktemp', '-d', '-p', folder, '.tidemark-probe.XXXXXXXX'];
  const made = await host.run(mktemp);
  if (made.exitCode !== 0 && !isFull(made.stderr)) throw classifyFailure(place, mktemp, made);
  const probe = made.stdout.toString().trimEnd();
  // A full disk can't be tried: what it is full of will be said by who looks at its space.
  if (probe === '') return undefined;
  try {
    const file = join(probe, 'file');
    await writeRecord(place, file, 'x'.repeat(4096));
    const { exitCode, stderr } = await host.run(['cp', '--reflink=always', '--', file, join(probe, 'clone')]);
    if (exitCode === 0 || isFull(stderr)) return undefined;
    return /[^:]+$/.exec(stderr.trim())?.[0].trim() ?? 'refused';
  } catch (error) {
    if (error instanceof TidemarkError && error.type === 'TargetFull') return undefined;
    throw error;
  } finally {
    await host.files.remove(probe);
  }

  async function firstWritable(on: Host, folders: (string | undefined)[]): Promise<string | undefined> {
    for (const path of folders) {
      if (path === undefined || !isSameFilesystem(place, path)) continue;
      if ((await on.run(['test', '-d', path, '-a', '-w', path])).exitCode === 0) return path;
    }
    return undefined;
  }
}

function isSameFilesystem({ mount, mounts }: Place, path: string): boolean {
  return findMount(mounts, path).point === mount.point;
}
