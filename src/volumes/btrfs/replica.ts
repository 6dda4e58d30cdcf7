/** The live replica: replaced as a whole by a snapshot of a tree, and never written to in place. */
import { basename, dirname } from 'node:path';
import { isInside, mountsBelow } from '../../trees/mounts';
import { type ReadyPlace } from '../directory/place';
import { removeTree } from '../directory/remove-tree';
import { makeError } from '../shared/tools';
import { exchangeNames, mendNames, successorPath } from './exchange';
import { findAt, listSubvolumes, type Subvolume } from '../directory/subvolumes/subvolumes';
import { assemble, findInner, partsOf, type WorkOptions } from '../directory/subvolumes/trees';

/** A snapshot of the tree that nobody has written to since. */
function isUnwritten(live: Subvolume, tree: Subvolume): boolean {
  return live.parentUuid === tree.uuid && live.generation === live.createdGeneration;
}

interface ReplaceOptions extends WorkOptions {
  /** Keeps everybody from changing what the next sync would replace. */
  readOnly: boolean;
  /** What was the replica holds something that is nowhere else: then it is put aside, not removed. */
  hasOwn?: (path: string) => Promise<boolean>;
}

/**
 * The replica becomes a snapshot of the tree, in one moment; until then the old one stays in its place, and
 * it is removed only after. Idempotent.
 */
export async function replaceReplica(
  place: ReadyPlace,
  tree: string,
  options: ReplaceOptions,
): Promise<void> {
  const { host, root } = place;
  checkReplaceable(place);
  await mendNames(place);
  const successor = successorPath(root);
  const subvolumes = await listSubvolumes(place);
  const live = subvolumes.find(({ path }) => path === root);
  const wanted = findAt(place, subvolumes, tree);
  if (!live || !isUnwritten(live, wanted) || live.readOnly !== options.readOnly) {
    checkUnmounted(place);
    await retire(place, options);
    await assemble(place, partsOf(subvolumes, tree), successor, options);
    options.signal?.throwIfAborted();
    if ((await host.files.list(dirname(root))).includes(basename(root))) await exchangeNames(place);
    else await host.files.rename(successor, root);
  }
  await retire(place, options);
}

/**
 * Removes what was the replica, or was never finished. Where it holds what nobody else has, or somebody's
 * snapshots, it is put aside instead.
 */
async function retire(place: ReadyPlace, { hasOwn }: ReplaceOptions): Promise<void> {
  const { host, root } = place;
  const path = successorPath(root);
  if (!(await host.files.list(dirname(root))).includes(basename(path))) return;
  const subvolumes = await listSubvolumes(place);
  const old = subvolumes.find((each) => each.path === path);
  const isKept = hasSnapshotsOfOthers(place, subvolumes, path) || (await hasOwn?.(path));
  if (!old || !isKept) await removeTree(place, path);
  else await host.files.rename(path, `${root}.kept-${old.uuid.slice(0, 8)}`);
}

function hasSnapshotsOfOthers({ meta }: ReadyPlace, subvolumes: readonly Subvolume[], root: string): boolean {
  const content = new Set(findInner(subvolumes, root).map(({ subvolume }) => subvolume));
  const trees = new Set(subvolumes.filter(({ path = '' }) => isInside(path, meta)).map(({ uuid }) => uuid));
  return subvolumes.some(
    (each) =>
      each.path !== root &&
      isInside(each.path ?? '', root) &&
      !content.has(each) &&
      // A replica that was never finished is partly read-only already.
      !trees.has(each.parentUuid ?? ''),
  );
}

/** @throws TidemarkError `UnsupportedCapture` where the replica's name can't be given to another subvolume. */
function checkReplaceable(place: Pick<ReadyPlace, 'root' | 'mounts' | 'host' | 'volume'>): void {
  const whyNot = whyNotReplaceable(place);
  if (whyNot === undefined) return;
  throw makeError(place, 'UnsupportedCapture', whyNot);
}

/**
 * What is mounted inside of a subvolume stays with that one when another gets its name, and goes with it when it is
 * removed.
 * @throws TidemarkError `VolumeBusy` where something is.
 */
export function checkUnmounted(place: Pick<ReadyPlace, 'root' | 'mounts' | 'host' | 'volume'>): void {
  const { root, mounts } = place;
  const inside = mountsBelow(mounts, root).map(({ point }) => point);
  if (inside.length === 0) return;
  const message = `${root} is replaced as a whole, and other filesystems are mounted inside of it`;
  throw makeError(place, 'VolumeBusy', message, { hint: `umount ${inside.join(' ')}` });
}

/** Undefined where a replica can be replaced there; otherwise why not, and the alternative. */
export function whyNotReplaceable({ root, mounts }: Pick<ReadyPlace, 'root' | 'mounts'>): string | undefined {
  if (!mounts.some(({ point }) => point === root)) return undefined;
  return `${root} is a mount point, and what is mounted can't be replaced under its readers: use a subvolume inside of it (${root}/data), or name it as \`directory\``;
}
