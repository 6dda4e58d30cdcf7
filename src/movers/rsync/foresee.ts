/** What a transfer would do, counted before the first byte is written: by what is known, or a dry pass over the same landing. */
import type { Host } from '../../hosts/contract';
import { rsyncOptions } from '../../model/movers';
import type { TransferStats } from '../../model/records';
import { refuseDeletions } from '../shared/approval';
import { describeLink } from '../shared/link';
import { classifyEnding, countVanished, VANISHED } from './classify';
import { unescapeName } from './differences';
import { makeClientOptions, writerOf } from './options';
import { isDeletion, parseSizedItem } from './output';
import { runRsync } from './run-rsync';
import { StatsCounter } from './stats';
import type { SourceLook } from './suspects';
import type { RsyncTransfer } from './told';

/** Names kept for a message. */
const EXAMPLES = 3;

export interface Foreseen {
  /** What the main pass would do, as far as a dry one can tell; left out where there was none. */
  stats?: TransferStats;
  /** Bytes of the files that are to be gone through; undefined where only their contents would tell. */
  bytesToSend?: number;
  /** Those of them whose contents are compared beforehand, and sent then. */
  suspectBytes: number;
  /** The main pass would find nothing to do. */
  isEqual: boolean;
}

/**
 * Where the main pass can't find anything to delete, no dry pass has to count that: the target has the names of its newest
 * point and no others, the source had as many then, and it has each of them still. What came and went at the source right
 * behind its look, the limit of the landing itself is for.
 * @returns undefined where that is not known. Pure.
 */
export function foreseeByNames(
  { mover, found, targetEntries }: Pick<RsyncTransfer, 'mover' | 'found' | 'targetEntries'>,
  { since }: Pick<SourceLook, 'since'>,
  suspects: readonly string[],
): Foreseen | undefined {
  const { checksum, exclude } = rsyncOptions(mover);
  // What the spec leaves out now may be at the target: it would go.
  if (exclude.length > 0) return undefined;
  if (!since || since.vanished > 0 || since.entriesBefore !== targetEntries) return undefined;
  if (found.hasNoNewNames !== true) return undefined;
  const inDoubt = new Set(suspects);
  let [bytesToSend, suspectBytes] = [0, 0];
  for (const { entry, how } of since.changed) {
    if (entry.type !== 'f' || how === 'hidden') continue;
    bytesToSend += entry.size;
    if (how === 'visible' && inDoubt.has(entry.path)) suspectBytes += entry.size;
  }
  return { suspectBytes, isEqual: false, ...(!checksum && { bytesToSend }) };
}

/**
 * @param suspects paths as `./a/b`, a byte a character
 * @throws TidemarkError `ApprovalRequired` where more would be deleted than is allowed without approval.
 */
export async function foresee(
  host: Host,
  request: RsyncTransfer,
  suspects: readonly string[],
): Promise<Foreseen> {
  const { id, mover, writeMode, resolved, landing, reach, signal } = request;
  const startedAt = performance.now();
  const counter = new StatsCounter();
  const examples: string[] = [];
  const inDoubt = new Set(suspects);
  const isInDoubt = (name: string) => inDoubt.has(`./${unescapeName(name).toString('latin1')}`);
  let suspectBytes = 0;
  const onLine = (line: string) => {
    const item = parseSizedItem(line);
    if (!item) return counter.readLine(line);
    counter.countItem(item);
    // The pass before sends what the target has already.
    if (item.code.startsWith('<f.') && isInDoubt(item.name)) suspectBytes += item.lengthBytes;
    if (isDeletion(item) && examples.length < EXAMPLES) examples.push(item.name);
  };
  const pass = 'dry';
  const options = makeClientOptions(mover, writeMode, resolved, {
    ...writerOf(request),
    pass,
  });
  const run = { id, reach, landing, options, pass, signal, onLine } as const;
  const { exitCode, stderr } = await runRsync(host, run);
  if (exitCode !== 0 && exitCode !== VANISHED) {
    throw classifyEnding({
      ...(await describeLink(host, id, landing)),
      ...{ exitCode, stderr, sourcePath: reach.path },
    });
  }
  const durationMs = Math.round(performance.now() - startedAt);
  const stats = counter.result({ durationMs, filesVanished: countVanished(stderr) });
  const counted = { removed: counter.filesDeleted, entries: stats.totalFiles, examples };
  refuseDeletions(host, request, counted);
  if (rsyncOptions(mover).checksum) return { stats, suspectBytes, isEqual: false };
  return { stats, suspectBytes, bytesToSend: counter.bytesToSend, isEqual: stats.filesChanged === 0 };
}
