/** Pushes the blocks that differ. */
import type { Host } from '../../hosts/contract';
import type { TransferStats } from '../../model/records';
import type { TransferRequest } from '../contract';
import { classifyEnding, parseProgress, PLACEHOLDER_PATH, runClient, StatsCounter } from '../rsync/one-file';
import { describeLink } from '../shared/link';
import { transferAttempt } from '../shared/names';
import { ProgressMeter } from '../shared/progress';
import { landingOf } from '../shared/told';
import { lookAtSomething, readMark } from './look';
import { makeClientOptions } from './options';
import { checkFits } from './sizes';
import { noteMark } from './source-marks';
import { readFound } from './told';

/** `transfer` of the mover contract. What an attempt has brought the next one finds equal. */
export async function transfer(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { id, reach, opened, mover, signal, onProgress } = request;
  const { runner, path } = reach;
  const [landing, found] = [landingOf(opened), readFound(opened)];
  await runner.endAttempts(transferAttempt(host.home, id));
  const source = await lookAtSomething(runner, path);
  const link = await describeLink(host, id, landing);
  // It may have grown since it was offered.
  checkFits(source.bytes, found, link.targetHost === undefined ? {} : { host: link.targetHost });
  // Before it is read: what is written meanwhile is told as a change.
  const mark = await readMark(runner, source);
  const startedAt = performance.now();
  const counter = new StatsCounter();
  const meter = new ProgressMeter({
    onProgress,
    now: () => performance.now(),
    ...(source.bytes > 0 && { expectedBytes: source.bytes }),
  });
  const { exitCode, stderr } = await runClient(host, {
    ...{ runner, id, landing, signal, source: source.path, word: PLACEHOLDER_PATH },
    options: makeClientOptions(mover, source.kind, found.kind),
    onLine: (line) => {
      const progress = parseProgress(line);
      if (progress) meter.update(progress);
      else counter.readLine(line);
    },
  });
  if (exitCode !== 0) throw classifyEnding({ ...link, exitCode, stderr, sourcePath: path });
  await noteMark(host, id, mark);
  const durationMs = Math.round(performance.now() - startedAt);
  const stats = counter.result({ durationMs, filesVanished: 0 });
  const isLongAsBefore = found.kind === 'device' || found.bytes === source.bytes;
  const isEqual = stats.bytesChanged === 0 && isLongAsBefore;
  return { ...stats, filesChanged: isEqual ? 0 : 1, totalBytes: source.bytes, totalFiles: 1 };
}
