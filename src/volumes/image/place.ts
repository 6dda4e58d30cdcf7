/** Where a store of images is, and where Tidemark keeps its own records about it. */
import { join } from 'node:path';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { findMount, type Mount, readMounts } from '../../trees/mounts';
import { readState, type State } from '../shared/state';
import { checkName, makeError } from '../shared/tools';
import { STATE_FILE } from '../../trees/own-entries';
import { type Engine, type Subject } from './engine';
import { engineOf } from './engines';
import type { EngineKind } from './store';
import { parseStore } from './store';

export interface Place extends Subject {
  kind: EngineKind;
  engine: Engine;
  exists: boolean;
  root: string;
  storage: string;
  mount: Mount;
  /** Tidemark's folder: in the engine's own, and so lost with it; in the agent's home where it may not write there. */
  meta: string;
  state?: State;
}

async function findMeta(host: Host, volume: Volume, root: string): Promise<string> {
  const { namespace, engine } = parseStore(volume.path);
  const atHome = join(host.home, 'images', encodeURIComponent(volume.path));
  if ((await host.files.read(join(atHome, STATE_FILE))) !== undefined) return atHome;
  const isWritable = (await host.run(['test', '-d', root, '-a', '-w', root])).exitCode === 0;
  return isWritable ? join(root, 'tidemark', ...(engine === 'containerd' ? [namespace] : [])) : atHome;
}

/** @throws TidemarkError `VolumeMissing` where the engine does not answer, `ToolMissing` where it is not installed. */
export async function findPlace(host: Host, volume: Volume): Promise<Place> {
  const { location, ...known } = engineOf(host, volume);
  const { exists, root, storage } = await known.engine.locate(known, location);
  const mount = findMount(await readMounts(host), root);
  const meta = await findMeta(host, volume, root);
  const state = await readState({ host, volume }, join(meta, STATE_FILE));
  return { ...known, exists, root, storage, mount, meta, ...(state && { state }) };
}

export function makeMissing(place: Place, details: { hint?: string } = {}) {
  return makeError(place, 'VolumeMissing', `there is no store of images in ${place.root}`, details);
}

/** @throws TidemarkError `VolumeMissing` where there is no store. */
export async function findReadyPlace(host: Host, volume: Volume): Promise<Place> {
  const place = await findPlace(host, volume);
  if (!place.exists) throw makeMissing(place);
  return place;
}

/** What is kept for a relationship. */
export type OwnFolder = 'captures' | 'points' | 'landing';

/** A relationship's own folder: file names below it are ours. */
export function folderOf(place: Place, relationship: string, name?: OwnFolder): string {
  return join(place.meta, checkName(place, relationship), ...(name ? [name] : []));
}

/** What of a relationship is never at work twice at once: `clones` are a drill's, while syncs go on. */
export type Work = 'capture' | 'publish' | 'clones';

/**
 * Ends what a lost attempt at some work has left running, which would move names late, and marks what the engine
 * is asked for from now on.
 */
export async function beginAttempt(place: Place, work: Work, relationship: string): Promise<Place> {
  const { host, volume } = place;
  const attempt = `${work}:${host.name}:${relationship}:${volume.path}`;
  await host.endAttempts(attempt);
  return { ...place, attempt };
}

/** Names and records of one relationship in a store change by one at a time. */
export function lockKey({ volume, host }: Subject, relationship: string): string {
  return `images:${host.home}:${volume.path}:${relationship}`;
}
