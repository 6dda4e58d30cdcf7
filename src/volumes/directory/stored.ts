/** Claims that are stored in and around a folder, whoever stored them: another agent, or one of before. */
import { STATE_FOLDER } from '../../model/paths';
import { dirname, join } from 'node:path';
import { objectToOverlap, type OtherVolume } from '../../model/overlaps';
import type { Claim } from '../../model/records';
import type { HowItLies } from '../../model/paths';
import { findMount, type Mount } from '../../trees/mounts';
import { readState, type State } from '../shared/state';
import type { Subject } from '../shared/tools';
import { STATE_FILE } from '../../trees/own-entries';
import { findStored } from './place';

/** A claim of a volume that lies around or inside of a folder, or is it. */
export interface StoredAround extends OtherVolume {
  how: HowItLies;
  acrossMount: boolean;
}

/** Folders above a path, nearest first, without the root folder. */
function foldersAbove(path: string): string[] {
  const above = dirname(path);
  return above === '/' || above === path ? [] : [above, ...foldersAbove(above)];
}

const claimsOf = (path: string, state: State | undefined): OtherVolume[] =>
  Object.values(state?.claims ?? {}).map(({ relationship, role }) => ({ path, relationship, role }));

/** Of the folder itself, and of every folder above it. */
export async function findStoredAbove(
  subject: Subject,
  mounts: readonly Mount[],
  root: string,
): Promise<StoredAround[]> {
  const found: StoredAround[] = [];
  for (const folder of [root, ...foldersAbove(root)]) {
    const acrossMount = findMount(mounts, folder) !== findMount(mounts, root);
    const how = folder === root ? 'same' : 'inside';
    const stored = await findStored(subject, mounts, folder);
    found.push(...claimsOf(folder, stored?.state).map((claim) => ({ ...claim, how, acrossMount }) as const));
  }
  return found;
}

/** Of what lies inside. Reads all folders of its filesystem. */
export async function findStoredInside(subject: Subject, root: string): Promise<StoredAround[]> {
  const find = ['find', '.', '-xdev', '-name', STATE_FOLDER, '-type', 'd', '-prune', '-print0'];
  const { stdout } = await subject.host.run(find, { cwd: root });
  const found: StoredAround[] = [];
  for (const path of stdout.toString().split('\0').slice(0, -1)) {
    const meta = join(root, path);
    // Inside of a volume; or beside several.
    const places = [meta, ...(await subject.host.files.list(meta)).map((name) => join(meta, name))];
    for (const place of places) {
      if (place === join(root, STATE_FOLDER)) continue;
      const volume = place === meta ? dirname(meta) : join(dirname(meta), place.slice(meta.length));
      const state = await readState(subject, join(place, STATE_FILE));
      found.push(
        ...claimsOf(volume, state).map(
          (claim) => ({ ...claim, how: 'contains', acrossMount: false }) as const,
        ),
      );
    }
  }
  return found;
}

/** The first reason against a volume beside these; undefined where there is none. */
export function objectToStored(
  wanted: Pick<Claim, 'role' | 'relationship'>,
  around: readonly StoredAround[],
): string | undefined {
  for (const other of around) {
    const objection = other.how === 'same' ? undefined : objectToOverlap(wanted, other, other);
    if (objection !== undefined) return objection;
  }
  return undefined;
}
