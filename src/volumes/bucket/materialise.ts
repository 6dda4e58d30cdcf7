/** Makes a tree of a state: brought from whatever it is now, and looked at in the end. All of it is proved before the tree is touched. */
import { nulWords } from '../../hosts/nul-words';
import { join } from 'node:path';
import { runChecked } from '../../hosts/run-checked';
import { showPath } from '../../trees/left-out';
import { TICK_SECONDS } from '../../trees/fingerprint';
import { walk } from '../../trees/walk';
import { changeTree, checkScratchRoom } from '../shared/scratch';
import { makeError } from '../shared/tools';
import { applyAttributes, digHoles, makeRest, makeRoom, type Tree } from './apply-tree';
import type { CopyOptions } from './copy';
import { fetchFiles } from './fetch';
import { hashFiles, HashMemory, withHash } from './hashes';
import { isOdd, keyOf } from './layout';
import type { Entry } from './manifest';
import { findDifferences, planAttributes, planTree } from './plan-tree';
import type { Bucket } from './rclone';
import { scan, type Witness } from './scan';
import { readManifest } from './states';

export interface MaterialiseRequest extends CopyOptions {
  stateId: string;
  /** In which the tree is, and what is needed to make it. */
  folder: string;
}

/** What a tree is to be, wherever that is known from. */
export interface TreeRequest extends CopyOptions {
  want: readonly Entry[];
  /** As errors call it: `state 1`. */
  called: string;
  folder: string;
  /** Brings files, each proved by its checksum, into a folder, each at its key. */
  fetch: (files: readonly Entry[], into: string) => Promise<void>;
}

export const treeIn = (folder: string): string => join(folder, 'tree');

/** Checksums of files by their inodes: a name may be another file's by the end, an inode is not. */
type HashesByInode = Map<string, string>;

/** What is in the tree now, with checksums. */
async function lookAt(
  bucket: Bucket,
  root: string,
  memory: HashMemory,
): Promise<{ entries: Entry[]; hashes: HashesByInode }> {
  const { entries, witnesses } = await scan(bucket.runner, root);
  const known = memory.recall(entries, witnesses);
  const unread = known.filter(({ type, sha256 }) => type === 'f' && sha256 === undefined);
  const read = await hashFiles(bucket, root, unread);
  const hashed = known.map((entry) => withHash(entry, entry.sha256 ?? read.get(entry.path)));
  return { entries: hashed, hashes: byInode(hashed, witnesses) };
}

function byInode(entries: readonly Entry[], witnesses: ReadonlyMap<string, Witness>): HashesByInode {
  return new Map(
    entries.flatMap(({ path, sha256 }) => {
      const inode = witnesses.get(path)?.inode;
      return inode === undefined || sha256 === undefined ? [] : [[inode, sha256] as const];
    }),
  );
}

/** Of what was fetched, and proved to be what it is to be. */
async function lookAtFetched(
  { runner }: Bucket,
  folder: string,
  files: readonly Entry[],
): Promise<HashesByInode> {
  const hashes: HashesByInode = new Map();
  if (files.length === 0) return hashes;
  const wanted = new Map(
    files.map(({ path, sha256 }) => [`./${Buffer.from(keyOf(path)).toString('latin1')}`, sha256]),
  );
  await walk(
    runner,
    folder,
    ({ path, inode }) => {
      const sha256 = wanted.get(path);
      if (sha256 !== undefined) hashes.set(inode, sha256);
    },
    { skip: [] },
  );
  return hashes;
}

/** Moves what was fetched to its place: by links, so that nothing is copied. */
async function putInPlace({ runner, root }: Tree, incoming: string, files: readonly Entry[]): Promise<void> {
  if (files.length === 0) return;
  const odd = files.filter(({ path }) => isOdd(path));
  const from = Buffer.from(incoming).toString('latin1');
  const pairs = odd.flatMap(({ path }) => [`${from}/${keyOf(path)}`, `./${path}`]);
  if (odd.length > 0) {
    await runChecked(runner, ['xargs', '-0', '-n2', 'mv', '-fT', '--'], {
      cwd: root,
      stdin: nulWords(pairs),
    });
    await runner.files.remove(join(incoming, '.tidemark'));
  }
  if (odd.length < files.length)
    await runChecked(runner, ['cp', '-R', '--link', '--remove-destination', '-T', '--', incoming, root]);
  await runner.files.remove(incoming);
}

export async function materialise(bucket: Bucket, request: MaterialiseRequest): Promise<void> {
  const { stateId, ...options } = request;
  const { entries: want } = await readManifest(bucket, stateId);
  await makeTree(bucket, {
    ...{ ...options, want, called: `state ${stateId}` },
    fetch: (files, folder) => fetchFiles(bucket, { ...options, stateId, files, folder }),
  });
}

/** Makes a tree, in place of what is there of one. */
export async function makeTree(bucket: Bucket, request: TreeRequest): Promise<void> {
  const { want, folder, attempt, signal } = request;
  const { runner } = bucket;
  const root = treeIn(folder);
  const incoming = join(folder, 'incoming');
  await runner.endAttempts(attempt);
  await runner.files.mkdir(root, 0o700);
  const memory = await HashMemory.open(runner.files, join(folder, 'hashes.jsonl'));
  const have = await lookAt(bucket, root, memory);
  const plan = planTree(have.entries, want);
  await checkScratchRoom(bucket, {
    path: folder,
    bytes: plan.fetched.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    what: `what is read from the bucket is put into ${folder} first`,
  });
  await request.fetch(plan.fetched, incoming);
  const fetched = await lookAtFetched(bucket, incoming, plan.fetched);
  const tree: Tree = { runner, root, signal };
  const hashes = new Map([...have.hashes, ...fetched]);
  await changeTree(runner, folder, async () => {
    await makeRoom(tree, plan);
    await putInPlace(tree, incoming, plan.fetched);
    await makeRest(tree, plan);
    await digHoles(
      tree,
      plan.fetched.filter(({ hasHoles }) => hasHoles).map(({ path }) => path),
    );
    const abilities = { isRoot: (await runChecked(runner, ['id', '-u'])).stdout.toString().trim() === '0' };
    await applyAttributes(tree, planAttributes((await scan(runner, root, signal)).entries, want, abilities));
    await prove(bucket, { want, abilities, memory, hashes, request });
  });
}

/** Looks at the tree once more: it is the state, or nobody is told that it is. Contents were proved as they came. */
async function prove(
  bucket: Bucket,
  {
    want,
    abilities,
    memory,
    hashes,
    request: { called, folder, signal },
  }: {
    want: readonly Entry[];
    abilities: { isRoot: boolean };
    memory: HashMemory;
    hashes: HashesByInode;
    request: TreeRequest;
  },
): Promise<void> {
  const { entries, witnesses, startedAt } = await scan(bucket.runner, treeIn(folder), signal);
  const now = entries.map((entry) => withHash(entry, hashes.get(witnesses.get(entry.path)?.inode ?? '')));
  const differences = findDifferences(now, want, abilities);
  if (differences.length > 0) {
    throw makeError(bucket, 'VerificationFailed', `what was made of ${called} is not what it is to be`, {
      toolMessage: differences.slice(0, 5).map(showPath).join('\n'),
      hint: `see whether the filesystem of ${folder} can keep it`,
    });
  }
  await memory.replace(now, witnesses, startedAt - TICK_SECONDS);
}
