/** A repository that is read as a source: one of its snapshots, whoever made it, restored into a folder of the agent's own. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Capture } from '../../model/capture';
import { choosePast, describePast } from '../../model/past-state';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { CaptureRequest } from '../contract';
import type { Reach } from '../../movers/reach';
import { changeTree, checkScratchRoom, makeKept } from '../shared/scratch';
import { makeError } from '../shared/tools';
import { type Repository, repositoryAt, runLight, runResticChecked } from './restic';
import { restoreRoot } from './root-folder';
import { readStamp, readTag, SnapshotSchema, TAGS, VOLSYNC } from './stamp';

const SourceSchema = SnapshotSchema.extend({
  summary: z.object({ total_files_processed: z.number(), total_bytes_processed: z.number() }).optional(),
});
type SourceSnapshot = z.output<typeof SourceSchema>;

/** What a relationship has restored of its source. */
export const kept = makeKept('repository-trees');

export const treeIn = (room: Pick<Reach, 'path'>): string => join(room.path, 'tree');

/** Whose a snapshot is: a relationship's, or a host's with what it backed up. */
const ownerOf = (snapshot: SourceSnapshot): string =>
  readTag(snapshot, TAGS.relationship) ?? `${snapshot.hostname}:${snapshot.paths.join(',')}`;

/** What Tidemark made counts once it was published; what others made, as it is. */
const isWhole = (snapshot: SourceSnapshot): boolean =>
  !snapshot.tags.includes(TAGS.ours) || readStamp(snapshot) !== undefined;

const capturedAt = (snapshot: SourceSnapshot): string => readStamp(snapshot)?.capturedAt ?? snapshot.time;

const RESTIC_MISSING = 10;

async function listAll(repository: Repository): Promise<SourceSnapshot[]> {
  const { exitCode, stdout } = await runLight(
    repository,
    ['--no-lock', '--json', 'snapshots'],
    [RESTIC_MISSING],
  );
  if (exitCode === RESTIC_MISSING) {
    throw makeError(repository, 'VolumeMissing', 'there is no repository', {
      hint: 'correct its URL in the spec',
    });
  }
  const found = z.array(SourceSchema).parse(JSON.parse(stdout.toString()) ?? []);
  const byTime = (one: SourceSnapshot, other: SourceSnapshot) =>
    Date.parse(capturedAt(one)) - Date.parse(capturedAt(other));
  return found.filter(isWhole).toSorted(byTime);
}

/** @throws TidemarkError `InvalidSpec` where they are of several, and nothing says whose are meant */
function chooseOwn(repository: Repository, all: readonly SourceSnapshot[]): SourceSnapshot[] {
  const { snapshotsOf, layout } = repository.volume.options ?? {};
  // VolSync takes the newest, whoever made it.
  if (layout === 'volsync') return all.filter(({ paths }) => paths.includes(VOLSYNC.path));
  const own = all.filter(
    (snapshot) =>
      snapshotsOf === undefined ||
      readTag(snapshot, TAGS.relationship) === snapshotsOf ||
      snapshot.hostname === snapshotsOf,
  );
  const owners = [...new Set(own.map(ownerOf))];
  if (owners.length <= 1) return own;
  throw makeError(
    repository,
    'InvalidSpec',
    `the repository has snapshots of several: ${owners.slice(0, 5).join('; ')}`,
    {
      hint: 'say in the spec which are read: snapshotsOf, a relationship or a host of these',
    },
  );
}

async function choose(repository: Repository): Promise<SourceSnapshot> {
  const asked = repository.volume.options ?? {};
  const own = chooseOwn(repository, await listAll(repository));
  const chosen = choosePast(own, asked, capturedAt);
  if (chosen) return chosen;
  throw makeError(
    repository,
    'PointMissing',
    `of ${own.length} snapshots in it, none is ${describePast(asked)}`,
    {
      hint: 'correct restoreAsOf, previous and snapshotsOf in the spec; the target stays as it is',
    },
  );
}

const NodeSchema = z.object({ path: z.string() });

/** Others back up a folder by its absolute path: what it holds is meant, and not the way to it. */
async function whatToRestore(repository: Repository, { id, paths, tags }: SourceSnapshot): Promise<string> {
  const [path] = paths;
  if (tags.includes(TAGS.ours) || paths.length !== 1 || path === undefined) return id;
  const { stdout } = await runLight(repository, ['--no-lock', '--json', 'ls', id, path]);
  const isThere = stdout
    .toString()
    .split('\n')
    .some((line) => line !== '' && NodeSchema.safeParse(JSON.parse(line)).data?.path === path);
  return isThere ? `${id}:${path}` : id;
}

/** Brings a tree, whatever it is now, to what a snapshot holds. */
async function restoreTree(
  repository: Repository,
  snapshot: SourceSnapshot,
  { room, bytes }: { room: Reach; bytes: number },
  { relationship, signal }: CaptureRequest,
): Promise<void> {
  const { host, runner, volume } = repository;
  const tree = treeIn(room);
  const attempt = `restore-source:${relationship}:${volume.path}:${host.home}`;
  await runner.endAttempts(attempt);
  await runner.files.mkdir(tree, 0o700);
  const what = `what is read from the repository is put into ${tree} first`;
  if (await runner.files.isEmpty(tree)) await checkScratchRoom(repository, { path: tree, bytes, what });
  // By default it compares the contents of what is there, and rewrites what differs.
  const args = [
    'restore',
    `--target=${tree}`,
    '--delete',
    '--sparse',
    await whatToRestore(repository, snapshot),
  ];
  await changeTree(runner, room.path, async () => {
    await runResticChecked(repository, args, { attempt, endsWithAgent: true, ...(signal && { signal }) });
    const root = readTag(snapshot, TAGS.root);
    if (root !== undefined) await restoreRoot(runner, root, tree);
  });
}

/** `capture` of the volume contract: the snapshot that the spec asks for. One that fits nothing is a failure. */
export async function capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
  const repository = repositoryAt(host, volume);
  const snapshot = await choose(repository);
  const {
    bytes = snapshot.summary?.total_bytes_processed ?? 0,
    files = snapshot.summary?.total_files_processed ?? 0,
  } = readStamp(snapshot) ?? {};
  const room = await kept.open(repository, request.relationship, { bytes, entries: files });
  const tree = treeIn(room);
  try {
    await restoreTree({ ...repository, runner: room.runner }, snapshot, { room, bytes }, request);
  } finally {
    await room.close();
  }
  return {
    ...{ syncId: request.syncId, method: 'Snapshot', path: tree, live: false },
    capturedAt: new Date(capturedAt(snapshot)).toISOString(),
  };
}
