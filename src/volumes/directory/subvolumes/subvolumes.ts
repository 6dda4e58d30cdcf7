/** The subvolumes of a btrfs filesystem, as `btrfs subvolume list` tells them. */
import { STATE_FOLDER } from '../../../model/paths';
import { join } from 'node:path';
import { isInside, type Mount } from '../../../trees/mounts';
import { type Place } from '../place';
import { shareLook } from '../../shared/shared-look';
import { makeError, runTool } from '../../shared/tools';

export interface Subvolume {
  id: number;
  uuid: string;
  /** What it is a snapshot of, which may be gone. */
  parentUuid?: string;
  /** The identity of the frozen state that it was received from, and equals: see {@link judgeIdentities}. */
  receivedUuid?: string;
  /** It bears the identity of a state that it need not equal any more. A stream of it would say that it does. */
  borrowsIdentity?: true;
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
  /^ID (\d+) gen (\d+) cgen (\d+) top level \d+ parent_uuid (\S+) +received_uuid (\S+) +uuid (\S+) path (.*)$/s;

/** Where a path of the whole filesystem is found on the host. */
function toHostPath(mount: Pick<Mount, 'point' | 'root'>, whole: string): string | undefined {
  const path = `/${whole}`;
  if (!isInside(path, mount.root)) return undefined;
  const below = mount.root === '/' ? path : path.slice(mount.root.length);
  return join(mount.point, below);
}

/** Reads `btrfs subvolume list -a -u -q -R -c`; names may have line breaks. */
export function parseSubvolumes(
  text: string,
  mount: Pick<Mount, 'point' | 'root'>,
): Omit<Subvolume, 'readOnly'>[] {
  return text.split(/\n(?=ID \d+ gen |$)/).flatMap((line) => {
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
  const subvolumes = parseSubvolumes(all, place.mount)
    .map((each) => ({ ...each, readOnly: isReadOnly.has(each.id) }))
    .sort((one, other) => one.createdGeneration - other.createdGeneration || one.id - other.id);
  const received = await Promise.all(
    findUndecided(subvolumes).map(async (each) => ((await wasReceived(place, each)) ? [each.id] : [])),
  );
  return judgeIdentities(subvolumes, new Set(received.flat()));
}

/**
 * Where a list alone does not tell whether a subvolume was itself received, or is a snapshot of what was: what it
 * was made of is gone. In Tidemark's own folders nothing lies that bears an identity which is not its own.
 */
function findUndecided(subvolumes: readonly Subvolume[]): Subvolume[] {
  const known = new Set(subvolumes.map(({ uuid }) => uuid));
  return subvolumes.filter(
    ({ readOnly, receivedUuid, parentUuid, path }) =>
      readOnly &&
      receivedUuid !== undefined &&
      parentUuid !== undefined &&
      !known.has(parentUuid) &&
      path !== undefined &&
      !isTidemarks(path),
  );
}

const isTidemarks = (path: string) => path.split('/').includes(STATE_FOLDER);

/** A snapshot is made after what it was made of was received, and takes that moment over. */
async function wasReceived(place: Place, { path = '', createdGeneration }: Subvolume): Promise<boolean> {
  const { exitCode, stdout } = await place.host.run(['btrfs', 'subvolume', 'show', '--', path]);
  const received = /^\s*Receive transid:\s+(\d+)/m.exec(stdout.toString())?.[1];
  return exitCode === 0 && received !== undefined && createdGeneration <= Number(received);
}

/**
 * Takes an identity away where it need not be that of the frozen state. The kernel hands a received UUID on to
 * every read-only snapshot, though what was received could be written to: tools before btrfs-progs 5.14 leave it
 * when they make a subvolume writable. Pure.
 * @param received by number: those that were themselves received, where what they were made of is gone
 */
export function judgeIdentities(
  subvolumes: readonly Subvolume[],
  received: ReadonlySet<number>,
): Subvolume[] {
  const byUuid = new Map(subvolumes.map((each) => [each.uuid, each]));
  const isOwn = (each: Subvolume): boolean => {
    const { readOnly, parentUuid, receivedUuid, path, id } = each;
    if (!readOnly) return false;
    const parent = byUuid.get(parentUuid ?? '');
    if (parent) return parent.receivedUuid !== receivedUuid || isOwn(parent);
    return parentUuid === undefined || received.has(id) || (path !== undefined && isTidemarks(path));
  };
  return subvolumes.map((each) => {
    if (each.receivedUuid === undefined || isOwn(each)) return each;
    const { receivedUuid: _, ...rest } = each;
    return { ...rest, borrowsIdentity: true };
  });
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
