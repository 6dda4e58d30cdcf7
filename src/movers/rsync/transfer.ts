/** Pushes the bytes. */
import { rsyncOptions } from '../../model/mover-options';
import type { Host } from '../../hosts/contract';
import { readKeyNote } from '../../landings/ssh-client';
import type { TransferStats } from '../../model/records';
import type { TransferRequest } from '../contract';
import { classifyEnding, countVanished, parseSkippedDeletions } from './classify';
import { readDeletions, rememberDeletions } from './deletions';
import { measureLink, rememberLink } from './links';
import { makeClientOptions } from './options';
import { parseItem, parseProgress } from './output';
import { makeApprovalRequired } from '../shared/approval';
import { describeLink } from '../shared/link';
import { ProgressMeter } from '../shared/progress';
import { runRsync } from './run-rsync';
import { StatsCounter } from './stats';

const LIMIT_REACHED = 25;
const VANISHED = 24;

/** Reads rsync's lines as they come. */
function makeListener(request: TransferRequest): { counter: StatsCounter; onLine: (line: string) => void } {
  const counter = new StatsCounter();
  const { onProgress, expectedBytes } = request;
  const meter = new ProgressMeter({
    onProgress,
    now: () => performance.now(),
    ...(expectedBytes !== undefined && { expectedBytes }),
  });
  const onLine = (line: string) => {
    const item = parseItem(line);
    if (item) return counter.countItem(item);
    const progress = parseProgress(line);
    if (progress) return meter.update(progress);
    counter.readLine(line);
  };
  return { counter, onLine };
}

async function learnLink(host: Host, request: TransferRequest, stats: TransferStats): Promise<void> {
  const { id, mover, resolved } = request;
  const isLimited = rsyncOptions(mover).bandwidthLimit !== undefined;
  const bytesPerSecond = measureLink(stats, { compress: resolved['compress'], isLimited });
  const targetHost = (await readKeyNote(host, id))?.targetHost;
  if (bytesPerSecond === undefined || !targetHost) return;
  await rememberLink(host, targetHost, { bytesPerSecond, measuredAt: new Date().toISOString() });
}

/** One attempt, from where the last one stopped. */
export async function transfer(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { id, mover, writeMode, resolved, landing, sourcePath, signal } = request;
  const startedAt = performance.now();
  const { counter, onLine } = makeListener(request);
  const deletedBefore = await readDeletions(host, id);
  let isWhole = false;
  try {
    const options = makeClientOptions(mover, writeMode, resolved, landing.user);
    const { exitCode, stderr } = await runRsync(host, { id, sourcePath, landing, options, signal, onLine });
    if (exitCode === LIMIT_REACHED) {
      const skipped = parseSkippedDeletions(stderr) ?? 1;
      throw makeApprovalRequired(deletedBefore + counter.filesDeleted + skipped, request, host);
    }
    if (exitCode !== 0 && exitCode !== VANISHED) {
      const link = await describeLink(host, id, landing);
      throw classifyEnding({ ...link, exitCode, stderr, sourcePath });
    }
    isWhole = true;
    const durationMs = Math.round(performance.now() - startedAt);
    const stats = counter.result({ durationMs, filesVanished: countVanished(stderr) });
    await learnLink(host, request, stats);
    return stats;
  } finally {
    const deleted = isWhole || request.maxDeletions === undefined ? 0 : deletedBefore + counter.filesDeleted;
    if (deleted !== deletedBefore) await rememberDeletions(host, id, deleted);
  }
}
