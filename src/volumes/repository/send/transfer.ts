/** Sends a source to a repository, as one snapshot. It becomes a recovery point when it is published. */
import { TidemarkError } from '../../../model/errors';
import type { LeftOut } from '../../../model/left-out';
import type { Progress, TransferStats } from '../../../model/records';
import { sizeToBytes } from '../../../model/units';
import type { Host, RunResult } from '../../../hosts/contract';
import { makeRecordReader } from '../../../hosts/record-reader';
import { tailOf } from '../../../hosts/run-checked';
import type { TransferId, TransferRequest } from '../../../movers/contract';
import { makeApprovalRequired } from '../../../movers/shared/approval';
import { findAtTop, findForeign, Tally } from '../../../trees/left-out';
import { NOT_CONTENT } from '../../../trees/own-entries';
import { classifyEnding } from '../classify';
import { patternBelow } from '../patterns';
import { Patience, type Repository, repositoryAt, runResticChecked } from '../restic';
import { describeRoot } from '../root-folder';
import { forgetLooks, lookAhead } from '../looks';
import { forget, type KeptPoint, listSnapshots, noteSnapshot, pointsAmong } from '../snapshots';
import { makeTag, type Snapshot, TAGS, VOLSYNC } from '../stamp';
import { entriesOf, hasVanished, type ItemError, parseMessage, type Status, type Summary } from './messages';
import { readVolume } from './told';

/** restic's exit code where some of the source could not be read: the snapshot lacks that. */
const INCOMPLETE = 3;

/** With the home, since agents of other homes on this machine may know a relationship of the same name. */
export const backupAttempt = (home: string, { relationship, target }: Omit<TransferId, 'syncId'>): string =>
  `backup:${relationship}:${target}:${home}`;

/** What restic does not take along. It stays on the source's own filesystem. */
async function findLeftOut({ reach, signal }: TransferRequest): Promise<LeftOut[]> {
  const { runner, path } = reach;
  const tally = new Tally();
  await findForeign(runner, path, tally.add, { signal, sockets: true });
  await findAtTop(runner, path, tally.add);
  return tally.list;
}

/** What the snapshot is to say of itself. */
type Plan = Pick<Snapshot, 'tags' | 'paths' | 'excludes'>;

function makePlan(
  { id, remembered }: TransferRequest,
  { volume }: Repository,
  { path, root }: { path: string; root: string },
): Plan {
  const tags = [
    TAGS.ours,
    makeTag(TAGS.relationship, id.relationship),
    makeTag(TAGS.sync, id.syncId),
    makeTag(TAGS.epoch, String(remembered?.epoch ?? 0)),
    makeTag(TAGS.root, root),
  ];
  const patterns = [...NOT_CONTENT.map((name) => `/${name}`), ...(volume.options?.resticExclude ?? [])];
  return { tags, paths: [path], excludes: patterns.map((pattern) => patternBelow(path, pattern)) };
}

function makeArguments(
  { tags, excludes }: Plan,
  { volume }: Repository,
  parent: KeptPoint | undefined,
): string[] {
  const { bandwidthLimit, layout } = volume.options ?? {};
  const from = layout === 'volsync' ? VOLSYNC.host : 'tidemark';
  return [
    ...['backup', '--json', '--one-file-system', `--host=${from}`, `--tag=${tags.join(',')}`],
    // A frozen copy lies somewhere else each time: restic would not find the one before by its path.
    ...(parent ? [`--parent=${parent.snapshot.id}`] : ['--force']),
    ...excludes.map((pattern) => `--exclude=${pattern}`),
    ...(bandwidthLimit === undefined
      ? []
      : [`--limit-upload=${Math.max(1, Math.floor(sizeToBytes(bandwidthLimit) / 1024))}`]),
    '.',
  ];
}

function toProgress(status: Status, startedAt: number): Progress {
  const { bytes_done: bytesDone, total_bytes: bytesTotal, files_done: filesDone } = status;
  const seconds = Math.max(0.001, (performance.now() - startedAt) / 1000);
  return {
    ...{ phase: 'transferring', bytesDone, filesDone, rateBytesPerSecond: Math.round(bytesDone / seconds) },
    ...(bytesTotal > 0 && { bytesTotal, percent: Math.floor((100 * bytesDone) / bytesTotal) }),
    ...(status.total_files > 0 && { filesTotal: status.total_files }),
    ...(status.seconds_remaining > 0 && { etaSeconds: status.seconds_remaining }),
  };
}

interface Ended {
  summary: Summary;
  vanished: number;
}

/** @throws TidemarkError where there is no snapshot, or one that lacks what could not be read */
async function judge(
  repository: Repository,
  args: readonly string[],
  ended: RunResult,
  { summary, errors }: { summary: Summary | undefined; errors: readonly ItemError[] },
): Promise<Ended> {
  const vanished = errors.filter(hasVanished);
  const isGood = ended.exitCode === 0 || (ended.exitCode === INCOMPLETE && vanished.length === errors.length);
  if (isGood && summary) return { summary, vanished: vanished.length };
  if (summary) await forget(repository, [summary.snapshot_id]);
  if (ended.exitCode !== INCOMPLETE) throw classifyEnding(repository, args, ended);
  const words = errors.map(({ item, error }) => `${item}: ${error.message}`).join('\n');
  throw new TidemarkError('ToolFailed', 'restic could not read everything', {
    ...{ host: repository.host.name, volume: repository.volume.path },
    toolMessage: tailOf(words === '' ? ended.stderr : words),
    hint: 'the lines above name what could not be read, and why',
  });
}

async function backUp(
  repository: Repository,
  args: readonly string[],
  { id, signal, onProgress }: TransferRequest,
  path: string,
): Promise<Ended> {
  const startedAt = performance.now();
  let summary: Summary | undefined;
  const errors: ItemError[] = [];
  const patience = new Patience(repository);
  const readLine = (line: string) => {
    const message = parseMessage(Buffer.from(line, 'latin1').toString());
    if (message) patience.onOpened();
    if (message?.message_type === 'status') onProgress(toProgress(message, startedAt));
    else if (message?.message_type === 'summary') summary = message;
    else if (message) errors.push(message);
  };
  const [stdout, stderr] = [makeRecordReader(readLine, '\n'), makeRecordReader(readLine, '\n')];
  const onStderr = (chunk: Buffer) => {
    patience.onStderr(chunk);
    stderr.push(chunk);
  };
  const ended = await runResticChecked(
    repository,
    args,
    {
      ...{ cwd: path, env: { PWD: path }, onStdout: stdout.push, onStderr },
      signal: AbortSignal.any([signal, patience.signal]),
      ...{ attempt: backupAttempt(repository.host.home, id), endsWithAgent: true },
    },
    [INCOMPLETE],
  ).catch((error: unknown) => {
    throw patience.explain(error);
  });
  return await judge(repository, args, ended, { summary, errors });
}

/** Of two that run at the same time, none is left running where the other fails. */
async function bothOf<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<[One, Other]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

/** `transfer` of the mover contract. What an attempt has sent the next one finds there. */
export async function transfer(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { id, reach, opened, maxDeletions } = request;
  const { runner } = reach;
  const repository = repositoryAt(host, readVolume(opened), runner);
  await runner.endAttempts(backupAttempt(host.home, id));
  const startedAt = performance.now();
  const parent = pointsAmong(await listSnapshots(repository, id.relationship)).at(-1);
  // Without symlinks, as restic takes it: patterns are compared with that.
  const path = await runner.files.resolve(reach.path);
  const plan = makePlan(request, repository, { path, root: await describeRoot(repository, path) });
  const args = makeArguments(plan, repository, parent);
  const [{ summary, vanished }, [leftOut]] = await bothOf(
    backUp(repository, args, request, path),
    Promise.all([findLeftOut(request), lookAhead(repository)]),
  ).catch((error: unknown) => {
    forgetLooks(repository);
    throw error;
  });
  noteSnapshot(repository, {
    ...plan,
    id: summary.snapshot_id,
    time: summary.backup_start ?? new Date().toISOString(),
    hostname: '',
  });
  const entries = entriesOf(summary);
  const added = summary.files_new + summary.dirs_new;
  const filesDeleted = parent ? Math.max(0, parent.stamp.files + added - entries) : 0;
  if (maxDeletions !== undefined && filesDeleted > maxDeletions) {
    await forget(repository, [summary.snapshot_id]);
    throw makeApprovalRequired(filesDeleted, request, host);
  }
  return {
    bytesSent: summary.data_added_packed ?? summary.data_added,
    bytesChanged: summary.data_added,
    filesChanged: added + summary.files_changed + filesDeleted,
    filesDeleted,
    totalBytes: summary.total_bytes_processed,
    totalFiles: entries,
    durationMs: Math.round(performance.now() - startedAt),
    filesVanished: vanished,
    ...(leftOut.length > 0 && { leftOut }),
  };
}
