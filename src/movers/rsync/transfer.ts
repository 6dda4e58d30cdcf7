/** Pushes the bytes. */
import { rsyncOptions } from '../../model/mover-options';
import type { Host } from '../../hosts/contract';
import { readKeyNote } from '../../landings/ssh-client';
import type { TransferStats } from '../../model/records';
import type { TransferRequest } from '../contract';
import { makeApprovalRequired } from '../shared/approval';
import { describeLink } from '../shared/link';
import { ProgressMeter } from '../shared/progress';
import { classifyEnding, countVanished, parseSkippedDeletions, VANISHED } from './classify';
import { foresee } from './foresee';
import { findLeftOut } from './left-out';
import { measureLink, rememberLink } from './links';
import { makeClientOptions, writerOf } from './options';
import { parseItem, parseProgress } from './output';
import { runRsync } from './run-rsync';
import { StatsCounter } from './stats';

async function learnLink(host: Host, request: TransferRequest, stats: TransferStats): Promise<void> {
  const { id, mover, resolved } = request;
  const isLimited = rsyncOptions(mover).bandwidthLimit !== undefined;
  const bytesPerSecond = measureLink(stats, { compress: resolved['compress'], isLimited });
  const targetHost = (await readKeyNote(host, id))?.targetHost;
  if (bytesPerSecond === undefined || !targetHost) return;
  await rememberLink(host, targetHost, { bytesPerSecond, measuredAt: new Date().toISOString() });
}

/** The pass that writes. */
async function push(host: Host, request: TransferRequest, meter: ProgressMeter): Promise<TransferStats> {
  const { id, mover, writeMode, resolved, landing, sourcePath, signal } = request;
  const startedAt = performance.now();
  const counter = new StatsCounter();
  const onLine = (line: string) => {
    const item = parseItem(line);
    if (item) return counter.countItem(item);
    const progress = parseProgress(line);
    if (progress) return meter.update(progress);
    counter.readLine(line);
  };
  const options = makeClientOptions(mover, writeMode, resolved, writerOf(landing));
  const { exitCode, stderr } = await runRsync(host, { id, sourcePath, landing, options, signal, onLine });
  const skipped = exitCode === 0 ? undefined : parseSkippedDeletions(stderr);
  if (skipped !== undefined) {
    // Only what went from a live source since it was judged: the next try judges anew.
    throw makeApprovalRequired(counter.filesDeleted + skipped, request, host);
  }
  if (exitCode !== 0 && exitCode !== VANISHED) {
    throw classifyEnding({ ...(await describeLink(host, id, landing)), exitCode, stderr, sourcePath });
  }
  const durationMs = Math.round(performance.now() - startedAt);
  return counter.result({ durationMs, filesVanished: countVanished(stderr) });
}

/** One attempt, from where the last one stopped. What it may delete is judged before anything is written. */
export async function transfer(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { resolved, landing, signal } = request;
  const over = new AbortController();
  // A state of its storage is whole: what that lacks is told by its driver.
  const looking =
    resolved['whole'] === 'yes'
      ? Promise.resolve([])
      : findLeftOut(host, {
          ...request,
          ...writerOf(landing),
          signal: AbortSignal.any([signal, over.signal]),
        });
  looking.catch(() => undefined);
  try {
    const stats = await bringOver(host, request);
    const leftOut = await looking;
    return { ...stats, ...(leftOut.length > 0 && { leftOut }) };
  } finally {
    over.abort();
    await looking.catch(() => undefined);
  }
}

async function bringOver(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { onProgress, landing, maxDeletions } = request;
  const meter = new ProgressMeter({
    onProgress,
    now: () => performance.now(),
    isWhole: landing.isEmpty === true,
  });
  const foreseen =
    maxDeletions === undefined || landing.isEmpty === true ? undefined : await foresee(host, request);
  if (foreseen?.isEqual) return foreseen.stats;
  if (foreseen?.bytesToSend !== undefined) meter.expect(foreseen.bytesToSend);
  const stats = await push(host, request, meter);
  await learnLink(host, request, stats);
  if (!foreseen) return stats;
  return {
    ...stats,
    bytesSent: stats.bytesSent + foreseen.stats.bytesSent,
    durationMs: stats.durationMs + foreseen.stats.durationMs,
  };
}
