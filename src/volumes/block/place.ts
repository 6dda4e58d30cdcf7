/** Where a device or an image file is, and where Tidemark keeps its own files about it. */
import { basename, dirname, join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { STATE_FOLDER } from '../../model/paths';
import type { Volume } from '../../model/records';
import { type Found, look, type Look } from '../../movers/block/look';
import { findMount, type Mount, readMounts } from '../../trees/mounts';
import { STATE_FILE } from '../../trees/own-entries';
import { shareLook } from '../shared/shared-look';
import { readState, type State } from '../shared/state';
import { checkName, makeError, type Subject } from '../shared/tools';
import { readIdentity } from './identity';

const PRIVATE_FOLDER = 0o700;

/** Which device the claims and points in a meta folder are about. */
const IDENTITY_FILE = 'device';

export interface Place extends Subject {
  found: Look;
  /** Without symlinks. */
  root: string;
  isDevice: boolean;
  mounts: Mount[];
  /** Of an image file: what it lies on. */
  mount: Mount;
  /** Beside an image file; of a device, or where nothing may be written there, in the agent's home. */
  meta: string;
  /** Of a device: what tells it from others. */
  identity?: string;
  /** What is kept in the meta folder is about another device. */
  isReplaced: boolean;
  state?: State;
}

const share = shareLook<Place>();

export function findPlace(host: Host, volume: Volume): Promise<Place> {
  return share(host, volume.path, () => lookAtPlace({ host, volume }));
}

/** A path where a device would be, whether or not one is there. */
const isDevicePath = (path: string) => /^\/dev\/(?!shm\/)/.test(path);

async function lookAtPlace(subject: Subject): Promise<Place> {
  const { host, volume } = subject;
  const [found, mounts] = await Promise.all([look(host, volume.path), readMounts(host)]);
  const root = found.path;
  const isDevice =
    found.kind === 'device' || (found.kind === 'missing' && [volume.path, root].some(isDevicePath));
  const atHome = join(host.home, 'devices', encodeURIComponent(volume.path));
  const meta = isDevice || !(await isKeptBeside(host, root, atHome)) ? atHome : besideOf(root);
  const identity = found.kind === 'device' ? await readIdentity(host, found.number) : undefined;
  const known = isDevice ? await host.files.read(join(meta, IDENTITY_FILE)) : undefined;
  const isReplaced = known !== undefined && identity !== undefined && known !== identity;
  // What another device was is nothing to this one.
  const state = isReplaced ? undefined : await readState(subject, join(meta, STATE_FILE));
  return {
    ...{ ...subject, found, root, isDevice, mounts, mount: findMount(mounts, root), meta, isReplaced },
    ...(identity !== undefined && { identity }),
    ...(state && { state }),
  };
}

const besideOf = (root: string) => join(dirname(root), STATE_FOLDER, basename(root));

/** Where something is kept already wins; else beside it, where anybody may write there. */
async function isKeptBeside(host: Host, root: string, atHome: string): Promise<boolean> {
  if ((await host.files.read(join(atHome, STATE_FILE))) !== undefined) return false;
  let folder = dirname(root);
  while (folder !== '/' && (await host.files.stat(folder)) === undefined) folder = dirname(folder);
  return (await host.run(['test', '-w', folder, '-a', '-d', folder])).exitCode === 0;
}

/** A place where there is something. */
export type ReadyPlace = Place & { found: Found };

export function isThere(place: Place): place is ReadyPlace {
  return place.found.kind === 'file' || place.found.kind === 'device';
}

export function makeMissing(place: Place, details: { hint?: string } = {}) {
  const { found, isDevice } = place;
  const message =
    found.kind === 'other'
      ? `${place.root} is neither a block device nor an image file`
      : `there is no such ${isDevice ? 'device' : 'image file'}`;
  const usual = isDevice
    ? 'is it attached, and active? (lsblk; lvchange -ay) A device is never made by a sync'
    : 'is what it lies on mounted?';
  return makeError(place, 'VolumeMissing', message, { hint: usual, ...details });
}

/** @throws TidemarkError `VolumeMissing` where there is nothing. */
export async function findReadyPlace(host: Host, volume: Volume): Promise<ReadyPlace> {
  const place = await findPlace(host, volume);
  if (!isThere(place)) throw makeMissing(place);
  return place;
}

/** Makes the meta folder, private; for a device with what tells it from others. What was about another one goes. */
export async function ensureMeta(place: Place): Promise<void> {
  const { host, meta, isReplaced, identity } = place;
  if (isReplaced) await host.files.remove(meta);
  await host.files.mkdir(dirname(meta), PRIVATE_FOLDER);
  await host.files.mkdir(meta, PRIVATE_FOLDER);
  if (identity !== undefined) await host.files.write(join(meta, IDENTITY_FILE), identity, 0o600);
}

/** What is kept for a relationship: images in the first three. */
type OwnFolder = 'captures' | 'images' | 'clones' | 'points';

export function folderOf(place: Place, relationship: string, name: OwnFolder): string {
  return join(place.meta, checkName(place, relationship), name);
}

/** Makes a relationship's folder, private. */
export async function ensureFolder(place: Place, relationship: string, name: OwnFolder): Promise<string> {
  const path = folderOf(place, relationship, name);
  await ensureMeta(place);
  await place.host.files.mkdir(dirname(path), PRIVATE_FOLDER);
  await place.host.files.mkdir(path, PRIVATE_FOLDER);
  return path;
}

/** Marks the programs of one kind of work on this volume, so that a lost attempt is found. */
export function makeAttempt({ host, volume }: Subject, work: string, relationship: string): string {
  return `${work}:${host.name}:${relationship}:${volume.path}`;
}

/** What is changed by one at a time. */
export function lockKey({ host, volume }: Subject, what: string): string {
  return `block:${host.home}:${volume.path}:${what}`;
}

/** How the name of what is not finished yet ends. */
export const PARTIAL = '.partial';
