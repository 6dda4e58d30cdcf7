/** What a device or an image file is, and what can be done with it. */
import { basename, dirname, join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import type { CaptureMethod, PointMethod, Volume } from '../../model/records';
import type { Room } from '../../model/room';
import { isBlank } from '../../movers/block/look';
import type { DiskUse, Inspection, VolumeSize } from '../contract';
import { readRoomAt } from '../shared/room';
import { showClaims } from '../shared/state';
import { isFull, writeRecord } from '../shared/tools';
import { findPlace, isThere, type Place } from './place';
import { findUses } from './uses';

/** `inspect` of the volume contract. */
export async function inspect(host: Host, volume: Volume): Promise<Inspection> {
  const place = await findPlace(host, volume);
  const { found, mount, isDevice, state } = place;
  const ready = isThere(place) ? place : undefined;
  const uses = ready ? await findUses(ready) : { all: [], writing: [] };
  return {
    exists: ready !== undefined,
    filesystem: isDevice ? 'a block device' : mount.type,
    mountPoint: isDevice ? place.root : mount.point,
    ...(await findRoom(place)),
    empty: !ready || (await isBlank(host, ready.found)),
    ...(await findMethods(place)),
    ...(found.kind === 'device' && { fixedBytes: found.bytes }),
    ...(uses.all.length > 0 && { inUse: uses.all }),
    ...(uses.writing.length > 0 && { writers: uses.writing }),
    ...showClaims(state),
  };
}

/** A device has all the room that it will ever have. */
async function findRoom({ host, isDevice, root }: Place): Promise<Room> {
  return isDevice ? { freeBytes: 0 } : await readRoomAt(host, dirname(root));
}

type Methods = Pick<Inspection, 'capture' | 'points' | 'whyNot'>;

const NO_LINKS =
  'what is written in place can not be kept by hard links: use copyMethod Clone on btrfs or XFS, or Direct';

async function findMethods(place: Place): Promise<Methods> {
  const snapshot = place.isDevice
    ? 'a block device is not snapshotted: use copyMethod Direct, of a snapshot of your own where it is written to (lvcreate -s)'
    : 'an image file is not snapshotted: use copyMethod Clone on btrfs or XFS, or Direct';
  const clone = await whyNoClone(place);
  const whyNot = { Snapshot: snapshot, ...(clone !== undefined && { Clone: clone }), HardLink: NO_LINKS };
  const offered: (CaptureMethod & PointMethod)[] = clone === undefined ? ['Clone', 'Direct'] : ['Direct'];
  return { capture: offered, points: offered, whyNot };
}

/** Undefined where a copy of the image file can share its blocks. */
export async function whyNoClone(place: Place): Promise<string | undefined> {
  const { isDevice, mount } = place;
  if (isDevice)
    return 'a block device can not share its blocks with a copy: use copyMethod Direct, or image files on btrfs or XFS';
  if (mount.readOnly) return `${mount.point} is mounted read-only: use copyMethod Direct`;
  const toolMessage = await tryReflink(place);
  return (
    toolMessage &&
    `this ${mount.type} can't share blocks between files (${toolMessage}): use copyMethod Direct, or put the image on btrfs or XFS`
  );
}

/** Undefined where a clone of a tiny file works here; otherwise what the tool says. Leaves nothing. */
async function tryReflink(place: Place): Promise<string | undefined> {
  const { host, root } = place;
  let folder = dirname(root);
  while (folder !== '/' && (await host.files.stat(folder)) === undefined) folder = dirname(folder);
  const mktemp = ['mktemp', '-d', '-p', folder, `.tidemark-probe.${basename(root)}.XXXXXXXX`];
  const made = await host.run(mktemp);
  if (made.exitCode !== 0) {
    if (isFull(made.stderr)) return undefined;
    return /[^:]+$/.exec(made.stderr.trim())?.[0].trim() ?? 'nothing can be written there';
  }
  const probe = made.stdout.toString().trimEnd();
  try {
    const file = join(probe, 'file');
    await writeRecord(place, file, 'x'.repeat(4096));
    const argv = ['cp', '--reflink=always', '--', file, join(probe, 'clone')];
    const { exitCode, stderr } = await host.run(argv);
    if (exitCode === 0 || isFull(stderr)) return undefined;
    return /[^:]+$/.exec(stderr.trim())?.[0].trim() ?? 'refused';
  } catch (error) {
    if (error instanceof TidemarkError && error.type === 'TargetFull') return undefined;
    throw error;
  } finally {
    await host.files.remove(probe);
  }
}

/** `diskUse` of the volume contract. */
export async function diskUse(host: Host, volume: Volume): Promise<DiskUse> {
  const { found } = await findPlace(host, volume);
  const diskBytes = found.kind === 'file' ? found.allocatedBytes : found.kind === 'device' ? found.bytes : 0;
  return { diskBytes, hasHardLinks: false };
}

/** `size` of the volume contract: it is one thing, and as long as it is. */
export async function size(host: Host, volume: Volume): Promise<VolumeSize> {
  const place = await findPlace(host, volume);
  return isThere(place) ? { fileBytes: place.found.bytes, entries: 1 } : { fileBytes: 0, entries: 0 };
}
