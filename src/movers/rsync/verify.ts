/** Compares a recovery point with the source's copy; changes nothing. */
import type { Host } from '../../hosts/contract';
import type { Comparison } from '../../model/records';
import type { Mover } from '../contract';
import { describeLink } from '../shared/link';
import { findChangedSince } from './changed-since';
import { classifyEnding, VANISHED } from './classify';
import { makeDifference, pathOfItem } from './differences';
import { makeClientOptions } from './options';
import { isDeletion, parseSizedItem } from './output';
import { runRsync } from './run-rsync';

type VerifyRequest = Parameters<Mover['verify']>[1];

type SizedItem = NonNullable<ReturnType<typeof parseSizedItem>>;

/** More would be too much for one answer through Temporal. */
const TOLD_DIFFERENCES = 1000;
const REPORT_EVERY_MS = 500;

export async function verify(host: Host, request: VerifyRequest): Promise<Comparison> {
  const { id, sourcePath, landing, mover, quick, capturedAt, signal, onProgress } = request;
  const items: SizedItem[] = [];
  let reportedAt = -Infinity;
  const report = () => {
    if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = performance.now();
    onProgress({ phase: 'comparing', bytesDone: 0, filesDone: items.length, rateBytesPerSecond: 0 });
  };
  report();
  const options = makeClientOptions(mover, 'verify', quick ? { compare: 'quick' } : {}, {
    writer: landing.user,
  });
  const onLine = (line: string) => {
    const item = parseSizedItem(line);
    if (item) items.push(item);
    report();
  };
  const { exitCode, stderr } = await runRsync(host, { id, sourcePath, landing, options, signal, onLine });
  if (exitCode !== 0 && exitCode !== VANISHED) {
    const link = await describeLink(host, id, landing);
    throw classifyEnding({ ...link, exitCode, stderr, sourcePath });
  }
  const changed = await findChangedSince(host, {
    root: sourcePath,
    names: items.map(pathOfItem),
    capturedAt,
  });
  return summarize(items, changed);
}

/** Regular files whose content goes over. */
const carriesContent = (item: SizedItem) => !isDeletion(item) && /^<f/.test(item.code);

function summarize(items: readonly SizedItem[], changed: readonly boolean[]): Comparison {
  const all = items.map((item, index) => makeDifference(item, changed[index] ?? false));
  const unexplained = all.filter(({ changedSince }) => !changedSince);
  const explained = all.filter(({ changedSince }) => changedSince);
  return {
    differences: [...unexplained, ...explained].slice(0, TOLD_DIFFERENCES),
    total: all.length,
    unexplained: unexplained.length,
    bytes: items.filter(carriesContent).reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
  };
}
