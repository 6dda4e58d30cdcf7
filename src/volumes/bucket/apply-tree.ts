/** Carries out what a tree lacks, by programs of its host. */
import { nulWords } from '../../hosts/nul-words';
import { runChecked } from '../../hosts/run-checked';
import type { Runner } from '../../hosts/contract';
import type { AttributePlan, TreePlan } from './plan-tree';
import { renderXattrs } from './xattrs';

/** A tree, and who works on it. */
export interface Tree {
  runner: Runner;
  root: string;
  signal?: AbortSignal | undefined;
}

const named = (path: string): string => (path === '' ? '.' : `./${path}`);

/** Runs a program on paths of the tree, as often as their number asks for. */
async function each(
  { runner, root, signal }: Tree,
  argv: readonly string[],
  words: readonly string[],
  perCall?: number,
): Promise<void> {
  if (words.length === 0) return;
  const limit = perCall === undefined ? [] : [`-n${perCall}`];
  await runChecked(runner, ['xargs', '-0', ...limit, ...argv], {
    ...{ cwd: root, stdin: nulWords(words) },
    ...(signal && { signal }),
  });
}

/** Takes away what is in the way, and makes folders. */
export async function makeRoom(tree: Tree, { removed, folders }: TreePlan): Promise<void> {
  await each(tree, ['rm', '-rf', '--'], removed.map(named));
  await each(tree, ['mkdir', '-p', '--'], folders.map(named));
}

/** Gives files their further names, and makes what has no content. */
export async function makeRest(tree: Tree, { links, made }: TreePlan): Promise<void> {
  const ofType = (types: string) => made.filter(({ type }) => types.includes(type));
  await each(
    tree,
    ['ln', '-sT', '--'],
    ofType('l').flatMap(({ path, target = '' }) => [target, named(path)]),
    2,
  );
  await each(
    tree,
    ['mkfifo', '--'],
    ofType('p').map(({ path }) => named(path)),
  );
  await each(
    tree,
    ['mknod', '--'],
    ofType('bc').flatMap(({ path, type, device = '' }) => [named(path), type, ...device.split(':')]),
    4,
  );
  await each(
    tree,
    ['ln', '-T', '--'],
    links.flatMap(({ path, first }) => [named(first), named(path)]),
    2,
  );
}

/** Gives holes back to files that had them. */
export const digHoles = (tree: Tree, paths: readonly string[]): Promise<void> =>
  each(tree, ['fallocate', '--dig-holes', '--'], paths.map(named), 1);

/** In this order: to give a file away changes its mode, and an ACL is part of it; times come last. */
export async function applyAttributes(tree: Tree, plan: AttributePlan): Promise<void> {
  const { owners, modes, xattrs, removedXattrs, times } = plan;
  for (const [owner, paths] of owners) await each(tree, ['chown', '-h', owner, '--'], paths.map(named));
  for (const [name, paths] of removedXattrs)
    await each(tree, ['setfattr', '-h', '-x', name, '--'], paths.map(named));
  for (const [mode, paths] of modes) await each(tree, ['chmod', mode, '--'], paths.map(named));
  if (xattrs.length > 0) {
    const stdin = Buffer.from(renderXattrs(xattrs.map(([path, wanted]) => [named(path), wanted])), 'latin1');
    await runChecked(tree.runner, ['setfattr', '-h', '--restore=-'], { cwd: tree.root, stdin });
  }
  for (const [time, paths] of times)
    await each(tree, ['touch', '-h', '-c', '-m', `--date=@${time}`, '--'], paths.map(named));
}
