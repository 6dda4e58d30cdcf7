/** The subvolumes of a btrfs filesystem, as `btrfs subvolume list` tells them. */
import { join } from 'node:path';
import { isInside, type Mount } from '../shared/mounts';
import type { Place } from '../directory/place';
import { shareLook } from '../shared/shared-look';
import { makeError, runTool } from '../shared/tools';

export interface Subvolume {
  id: number;
  uuid: string;
  /** What it is a snapshot of, which may be gone. */
  parentUuid?: string;
  /** The identity of the state that it was received from. Cleared by the kernel once it may be written to. */
  receivedUuid?: string;
  /** Absolute, on the host; undefined where this mount does not lead there. */
  path?: string;
  /** Of the last change, and when it was made: equal as long as nobody wrote to a snapshot. */
  generation: number;
  createdGeneration: number;
  readOnly: boolean;
}

/** What proves two read-only subvolumes equal, on whichever side: where it came from, or else itself. */
export function identityOf({ receivedUuid, uuid }: Pick<Subvolume, 'receivedUuid' | 'uuid'>): string {
  return receivedUuid ?? uuid;
}

/** Outside of what is mounted, the tool writes this before a path of the whole filesystem. */
const WHOLE = '<FS_TREE>/';

const LINE =
  /^ID (\d+) gen (\d+) cgen (\d+) top level \d+ parent_uuid (\S+) +received_uuid (\S+) +uuid (\S+) path (.*)$/;

/** Where a path of the whole filesystem is found on the host. */
function toHostPath(mount: Pick<Mount, 'point' | 'root'>, whole: string): string | undefined {
  const path = `/${whole}`;
  if (!isInside(path, mount.root)) return undefined;
  const below = mount.root === '/' ? path : path.slice(mount.root.length);
  return join(mount.point, below);
}

/** Reads `btrfs subvolume list -a -u -q -R -c`. Names with a line break are left out. */
export function parseSubvolumes(
  text: string,
  mount: Pick<Mount, 'point' | 'root'>,
): Omit<Subvolume, 'readOnly'>[] {
  return text.split('\n').flatMap((line) => {
    const [, id, generation, created, parent, received, uuid = '', shown = ''] = LINE.exec(line) ?? [];
    if (id === undefined) return [];
    const path = toHostPath(mount, shown.startsWith(WHOLE) ? shown.slice(WHOLE.length) : shown);
    return [
      {
        ...{ id: Number(id), uuid, generation: Number(generation), createdGeneration: Number(created) },
        ...(parent !== '-' && parent !== undefined && { parentUuid: parent }),
        ...(received !== '-' && received !== undefined && { receivedUuid: received }),
        ...(path !== undefined && { path }),
      },
    ];
  });
}

/** Reads `btrfs subvolume list -r`: which of them are read-only, by number. */
export function parseReadOnly(text: string): Set<number> {
  return new Set([...text.matchAll(/^ID (\d+) /gm)].map(([, id]) => Number(id)));
}

/** Reads `btrfs subvolume list -s` in UTC: when snapshots were made, by number. */
export function parseTimes(text: string): Map<number, string> {
  const lines = text.matchAll(/^ID (\d+) .*? otime (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) /gm);
  return new Map([...lines].map(([, id, day, time]) => [Number(id), `${day}T${time}.000Z`]));
}

async function list(place: Place, ...options: string[]): Promise<string> {
  const argv = ['btrfs', 'subvolume', 'list', '-a', ...options, '--', place.mount.point];
  return (await runTool(place, argv, { env: { TZ: 'UTC' } })).stdout.toString();
}

const share = shareLook<Subvolume[]>();

/** Every subvolume of the filesystem, in the order in which they were made. Needs root. */
export function listSubvolumes(place: Place): Promise<Subvolume[]> {
  return share(place.host, place.mount.point, () => readSubvolumes(place));
}

async function readSubvolumes(place: Place): Promise<Subvolume[]> {
  const [all, readOnly] = await Promise.all([list(place, '-u', '-q', '-R', '-c'), list(place, '-r')]);
  const isReadOnly = parseReadOnly(readOnly);
  return parseSubvolumes(all, place.mount)
    .map((each) => ({ ...each, readOnly: isReadOnly.has(each.id) }))
    .sort((one, other) => one.createdGeneration - other.createdGeneration || one.id - other.id);
}

/** When snapshots were made, by number; what was received whole is none. */
export async function listTimes(place: Place): Promise<Map<number, string>> {
  return parseTimes(await list(place, '-s'));
}

/** @throws TidemarkError `VolumeMissing` where there is no subvolume. */
export function findAt(place: Place, subvolumes: readonly Subvolume[], path: string): Subvolume {
  const found = subvolumes.find((each) => each.path === path);
  if (found) return found;
  throw makeError(place, 'VolumeMissing', `${path} is not a btrfs subvolume`);
}

/**
 * Everything that descends from what `uuid` descends from: snapshots, what they are snapshots of, and what
 * shares with them an ancestor that is gone by now.
 */
export function findRelatives(subvolumes: readonly Subvolume[], uuid: string): Subvolume[] {
  const family = new Set([uuid]);
  for (let before = 0; before < family.size;) {
    before = family.size;
    for (const each of subvolumes) {
      const isOfFamily =
        family.has(each.uuid) || (each.parentUuid !== undefined && family.has(each.parentUuid));
      if (!isOfFamily) continue;
      family.add(each.uuid);
      if (each.parentUuid !== undefined) family.add(each.parentUuid);
    }
  }
  return subvolumes.filter((each) => family.has(each.uuid));
}
