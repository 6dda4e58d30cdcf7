/** Where a volume really is, and where Tidemark keeps its own files about it. */
import { basename, dirname, join } from 'node:path';
import { STATE_FOLDER } from '../../model/paths';
import type { Volume } from '../../model/records';
import type { FileKind, Host } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import { shareLook } from '../shared/shared-look';
import { findMount, type Mount, readMounts } from '../../trees/mounts';
import { readState, type State } from '../shared/state';
import { checkName, makeError, runTool, type Subject } from '../shared/tools';
import { STATE_FILE } from '../../trees/own-entries';

const SUBVOLUME_INODE = '256';
const PRIVATE_FOLDER = 0o700;

export interface Place extends Subject {
  /** The volume's path without symlinks; what lies there may be missing. */
  root: string;
  exists: boolean;
  mount: Mount;
  mounts: Mount[];
  /** True for a btrfs subvolume, or a btrfs filesystem's own root. */
  isSubvolume: boolean;
  /** Where the meta folder is, or would be made; undefined where nothing can be written. */
  meta?: string;
  state?: State;
}

const share = shareLook<Place>();

/** @throws TidemarkError `VolumeMissing` where something is there that is no directory. */
export function findPlace(host: Host, volume: Volume): Promise<Place> {
  return share(host, `${volume.kind} ${volume.path}`, () => lookAtPlace({ host, volume }));
}

async function lookAtPlace(subject: Subject): Promise<Place> {
  const { host } = subject;
  const { root, kind } = await findRoot(subject);
  const mounts = await readMounts(host);
  const mount = findMount(mounts, root);
  if (kind && kind.type !== 'directory') {
    throw makeError(subject, 'VolumeMissing', `${root} is a ${kind.type}, not a directory`);
  }
  const isSubvolume = mount.type === 'btrfs' && kind?.inode === SUBVOLUME_INODE;
  const place = { ...subject, root, exists: kind !== undefined, mount, mounts, isSubvolume };
  return { ...place, ...(await findMeta(place)) };
}

async function findRoot(subject: Subject): Promise<{ root: string; kind: FileKind | undefined }> {
  const { files } = subject.host;
  try {
    const root = await files.resolve(subject.volume.path);
    return { root, kind: await files.stat(root) };
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    const toolMessage = error instanceof Error ? error.message : String(error);
    throw makeError(subject, 'VolumeMissing', 'it can not be looked at', { toolMessage }, error);
  }
}

/** A place whose volume and meta folder are there. */
export type ReadyPlace = Place & { meta: string };

/** @throws TidemarkError `VolumeMissing` where there is no volume, `UnsupportedCapture` where nothing can be kept. */
export async function findReadyPlace(host: Host, volume: Volume): Promise<ReadyPlace> {
  const place = await findPlace(host, volume);
  if (!place.exists) throw makeError(place, 'VolumeMissing', 'there is no such directory');
  if (place.meta === undefined) {
    const hint = `let the agent write to ${dirname(place.root)} or ${place.root}, or use copyMethod Direct`;
    throw makeError(place, 'UnsupportedCapture', 'nothing can be written there or beside it', { hint });
  }
  return { ...place, meta: place.meta };
}

/** Inside of a volume, or beside it where that is the same filesystem. */
function metaPaths(mounts: readonly Mount[], root: string): { inside: string; beside?: string } {
  const parent = dirname(root);
  const isBesidePossible =
    parent !== root && findMount(mounts, parent).point === findMount(mounts, root).point;
  return {
    inside: join(root, STATE_FOLDER),
    ...(isBesidePossible && { beside: join(parent, STATE_FOLDER, basename(root)) }),
  };
}

/** What is stored of a folder that may be anybody's volume; the meta folder inside it wins. */
export async function findStored(
  subject: Subject,
  mounts: readonly Mount[],
  root: string,
): Promise<{ meta: string; state: State } | undefined> {
  const { inside, beside } = metaPaths(mounts, root);
  // Whoever pushes to a peer's folder may put anything there.
  const places = subject.volume.kind === 'peer' ? [] : [inside];
  for (const meta of beside === undefined ? places : [...places, beside]) {
    const state = await readState(subject, join(meta, STATE_FILE));
    if (state) return { meta, state };
  }
  return undefined;
}

/** An existing one wins; else beside the volume, where the user's tree stays free of it. */
async function findMeta(place: Place): Promise<{ meta?: string; state?: State }> {
  const { host, mounts, root } = place;
  const stored = await findStored(place, mounts, root);
  if (stored) return stored;
  const { inside, beside } = metaPaths(mounts, root);
  if (beside !== undefined && (await isWritable(host, dirname(root)))) return { meta: beside };
  return (await isWritable(host, root)) ? { meta: inside } : {};
}

async function isWritable(host: Host, path: string): Promise<boolean> {
  return (await host.run(['test', '-w', path, '-a', '-d', path])).exitCode === 0;
}

/** Makes the meta folder, private. Inside a btrfs volume as a subvolume, which its snapshots leave out. */
export async function ensureMeta(place: ReadyPlace): Promise<void> {
  const { host, meta, root, mount } = place;
  const isInsideVolume = dirname(meta) === root;
  if (isInsideVolume && mount.type === 'btrfs' && !(await host.files.stat(meta))) {
    await runTool(place, ['btrfs', 'subvolume', 'create', meta]);
    await runTool(place, ['chmod', '0700', '--', meta]);
  }
  await host.files.mkdir(isInsideVolume ? meta : dirname(meta), PRIVATE_FOLDER);
  await host.files.mkdir(meta, PRIVATE_FOLDER);
}

/** What is kept for a relationship. */
type OwnFolder = 'captures' | 'trees' | 'points' | 'clones' | 'holds' | 'parts' | 'incoming';

export function folderOf(place: ReadyPlace, relationship: string, name: OwnFolder): string {
  return join(place.meta, checkName(place, relationship), name);
}

/** Makes a relationship's folder, private. */
export async function ensureFolder(
  place: ReadyPlace,
  relationship: string,
  name: OwnFolder,
): Promise<string> {
  const path = folderOf(place, relationship, name);
  await ensureMeta(place);
  await place.host.files.mkdir(dirname(path), PRIVATE_FOLDER);
  await place.host.files.mkdir(path, PRIVATE_FOLDER);
  return path;
}

/** True where a path of a btrfs filesystem is a subvolume. */
export async function isSubvolume(host: Pick<Host, 'files'>, path: string): Promise<boolean> {
  return (await host.files.stat(path))?.inode === SUBVOLUME_INODE;
}

/** Marks the programs of one kind of work on this volume, so that a lost attempt is found. */
export function makeAttempt({ host, root }: Place, work: string, relationship: string): string {
  return `${work}:${host.name}:${relationship}:${root}`;
}

/** How the name of what is not finished yet ends. */
export const PARTIAL = '.partial';
