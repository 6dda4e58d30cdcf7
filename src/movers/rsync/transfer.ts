/** Pushes the bytes. */
import { nulWords } from '../../hosts/nul-words';
import { TidemarkError } from '../../model/errors';
import { modifyWindow } from '../../model/keeps';
import { rsyncOptions } from '../../model/movers';
import type { Host } from '../../hosts/contract';
import { readKeyNote } from '../../landings/ssh-client';
import { type LeftOut, mergeLeftOut } from '../../model/left-out';
import type { TransferStats } from '../../model/records';
import type { OnEntry, WalkOptions } from '../../trees/walk';
import type { TransferRequest } from '../contract';
import { readOpened, readResolved, type RsyncTransfer, withRefused } from './told';
import { makeApprovalRequired } from '../shared/approval';
import { describeLink } from '../shared/link';
import { transferAttempt } from '../shared/names';
import { ProgressMeter } from '../shared/progress';
import { classifyEnding, countVanished, parseSkippedDeletions, PARTIAL, VANISHED } from './classify';
import { foresee, foreseeByNames } from './foresee';
import { findLeftOut, LeftOutFinder } from './left-out';
import { findParted } from './parted-names';
import { measureLink, rememberLink } from './compression';
import { makeClientOptions, writerOf } from './options';
import { parseItem, parseProgress } from './output';
import { openHistory } from './source-history';
import { filesAmong, listFiles, lookAtSource, type SourceLook } from './suspects';
import { failedAtRootAlone, ROOT_TIME } from './root-alone';
import { requireSource, runRsync } from './run-rsync';
import { StatsCounter } from './stats';
import { findUndone, parseKept } from './undone';
import { readWritten } from './written';

async function learnLink(host: Host, request: RsyncTransfer, stats: TransferStats): Promise<void> {
  const { id, mover, resolved } = request;
  const isLimited = rsyncOptions(mover).bandwidthLimit !== undefined;
  const bytesPerSecond = measureLink(stats, { compress: resolved['compress'], isLimited });
  const targetHost = (await readKeyNote(host, id))?.targetHost;
  if (bytesPerSecond === undefined || !targetHost || request.landing.account) return;
  await rememberLink(host, targetHost, { bytesPerSecond, measuredAt: new Date().toISOString() });
}

/**
 * A pass that writes.
 * @param named of the pass `content`: the files that it compares
 */
async function push(
  host: Host,
  request: RsyncTransfer,
  meter: ProgressMeter,
  named?: readonly string[],
): Promise<TransferStats> {
  const { id, mover, writeMode, resolved, landing, reach, item, signal, maxDeletions } = request;
  const { path: sourcePath } = reach;
  const startedAt = performance.now();
  const counter = new StatsCounter();
  const kept: string[] = [];
  const onLine = (line: string) => {
    const item = parseItem(line);
    if (item) return counter.countItem(item);
    const folder = parseKept(line);
    if (folder !== undefined) kept.push(folder);
    const progress = parseProgress(line);
    if (!progress) return counter.readLine(line);
    const { files, ...bytes } = progress;
    // How many files were compared says nothing of how much has to be sent: most are equal.
    meter.update({ ...bytes, ...(!named && files && { files }) });
  };
  const pass = named ? 'content' : 'main';
  const { account, ...writer } = writerOf(request);
  // A landing has its own limit.
  const limited = account && { account: { ...account, ...(maxDeletions !== undefined && { maxDeletions }) } };
  const options = makeClientOptions(mover, writeMode, resolved, { ...writer, ...limited, pass });
  const stdin = named && nulWords(named);
  const run = { id, reach, landing, options, pass, signal, onLine, ...(stdin && { stdin }) } as const;
  // Files that are named are so from the folder that the item is in.
  const { exitCode, stderr } = await runRsync(host, {
    ...run,
    ...(item !== undefined && !named && { item }),
  });
  const skipped = exitCode === 0 ? undefined : parseSkippedDeletions(stderr);
  if (skipped !== undefined) {
    // Only what went from a live source since it was judged: the next try judges again.
    throw makeApprovalRequired(counter.filesDeleted + skipped, request, host);
  }
  const link = () => describeLink(host, id, landing);
  const isRootLeft = exitCode === PARTIAL && failedAtRootAlone(stderr);
  if (exitCode !== 0 && exitCode !== VANISHED && !isRootLeft)
    throw classifyEnding({ ...(await link()), exitCode, stderr, sourcePath });
  const undone = await findUndone(reach.runner, sourcePath, { stderr, kept });
  if (undone.length > 0)
    throw classifyEnding({ ...(await link()), exitCode: PARTIAL, stderr: undone.join('\n'), sourcePath });
  const durationMs = Math.round(performance.now() - startedAt);
  const stats = counter.result({ durationMs, filesVanished: countVanished(stderr) });
  return isRootLeft ? { ...stats, leftOut: [ROOT_TIME] } : stats;
}

/**
 * The pass `content`. Undefined where an account takes no list of files: a door takes whole folders alone, since with a list
 * rsync writes through links that an earlier push has left. Then the main pass compares all contents.
 */
async function pushNamed(
  host: Host,
  request: RsyncTransfer,
  meter: ProgressMeter,
  named: readonly string[],
): Promise<TransferStats | undefined> {
  try {
    return await push(host, request, meter, named);
  } catch (error) {
    const isRefused = error instanceof TidemarkError && error.type === 'AuthRejected';
    if (isRefused && request.landing.account) return undefined;
    throw error;
  }
}

/** What was done in all; `last` tells of the tree. */
function sumUp(last: TransferStats, before: readonly (TransferStats | undefined)[]): TransferStats {
  const sum = (key: 'bytesSent' | 'bytesChanged' | 'filesChanged' | 'durationMs') =>
    before.reduce((total, stats) => total + (stats?.[key] ?? 0), last[key]);
  return {
    ...last,
    bytesSent: sum('bytesSent'),
    bytesChanged: sum('bytesChanged'),
    filesChanged: sum('filesChanged'),
    durationMs: sum('durationMs'),
  };
}

/**
 * One attempt, from where the last one stopped. What it may delete is judged before anything is written; then goes what
 * size and time don't tell of, and then everything else.
 */
async function transferTree(
  host: Host,
  request: RsyncTransfer,
  suspects: readonly string[],
  look: Pick<SourceLook, 'since'> = {},
): Promise<TransferStats> {
  const { onProgress, found, maxDeletions } = request;
  const isWhole = found.isEmpty === true;
  const expectedBytes = isWhole ? request.expectedBytes?.files : undefined;
  const now = () => performance.now();
  const meter = new ProgressMeter({ onProgress, now, ...(expectedBytes && { expectedBytes }) });
  const foreseen =
    maxDeletions === undefined || isWhole
      ? undefined
      : (foreseeByNames(request, look, suspects) ?? (await foresee(host, request, suspects)));
  // Whoever listens there may count a push as whole only once one has ended well, though it brings nothing.
  const isPushDue = request.landing.account !== undefined;
  if (foreseen?.stats && foreseen.isEqual && suspects.length === 0 && !isPushDue) return foreseen.stats;
  const { bytesToSend, suspectBytes = 0 } = foreseen ?? {};
  if (bytesToSend !== undefined) meter.expect(bytesToSend);
  let content: TransferStats | undefined;
  let last = request;
  if (suspects.length > 0) {
    onProgress({ phase: 'comparing', bytesDone: 0, filesDone: 0, rateBytesPerSecond: 0 });
    content = await pushNamed(host, request, meter, suspects);
    if (!content) last = { ...request, mover: { rsync: { ...rsyncOptions(request.mover), checksum: true } } };
    meter.nextPass(bytesToSend && bytesToSend - suspectBytes);
  }
  const main = await push(host, last, meter);
  await learnLink(host, request, main);
  // What the dry pass counted the main one has done.
  const dry = foreseen?.stats && { ...foreseen.stats, bytesChanged: 0, filesChanged: 0 };
  return sumUp(main, [dry, content]);
}

/** What can't be left to the main pass where nothing is remembered. Paths as `./a/b`, a byte a character. */
async function findInDoubt(host: Host, request: RsyncTransfer, options: WalkOptions): Promise<string[]> {
  const { mover, found, reach, item, writeMode } = request;
  if (found.isEmpty === true) return [];
  // One item alone is brought where there is none, or by checksum.
  // Behind an account nobody lists which names there are of one file.
  if ((!rsyncOptions(mover).checksum && item === undefined) || request.landing.account)
    return listFiles(reach.runner, reach.path, options);
  return writeMode === 'delayed' ? findParted(host, request, options) : [];
}

/**
 * Compares the source with what is remembered of it, and remembers what was brought over.
 * @param onEntry is told of each entry that is compared
 */
async function bringOver(host: Host, request: RsyncTransfer, onEntry?: OnEntry): Promise<TransferStats> {
  const { id, mover, found, writeMode, remembered, reach, signal } = request;
  const { runner, path: sourcePath } = reach;
  const isEmpty = found.isEmpty === true;
  const { checksum } = rsyncOptions(mover);
  const options = { signal, attempt: transferAttempt(host.home, id) };
  await requireSource(runner, sourcePath);
  if (!remembered) return transferTree(host, request, await findInDoubt(host, request, options));
  // Nothing that is written in place has several names at the target.
  const isCompared = isEmpty || (checksum && writeMode === 'inPlace');
  const named = isCompared ? [] : await readWritten(host, request);
  const written = (await filesAmong(runner, sourcePath, named, options)).map(({ path }) => path);
  const history = await openHistory(host, id, remembered);
  const { livePath } = remembered;
  const isBlind = checksum || modifyWindow(found.keeps) !== -1;
  const question = {
    ...{ sourcePath, history, isBlind },
    ...(livePath !== undefined && { livePath }),
    ...(onEntry && { onEntry }),
  };
  const look = await lookAtSource(runner, question, options);
  const { suspects, now } = look;
  await history.begin(now, isEmpty);
  const inDoubt = isCompared ? [] : [...new Set([...suspects, ...written])];
  const stats = await transferTree(host, request, inDoubt, look);
  await history.end(now);
  return stats;
}

/** Brings a tree over, and finds what of it is not carried. */
async function bringWhatIsCarried(host: Host, request: RsyncTransfer): Promise<TransferStats> {
  const { reach, remembered, signal } = request;
  const walked = { ...request, sourcePath: reach.path, ...writerOf(request) };
  const tell = (stats: TransferStats, found: readonly LeftOut[]) => {
    const leftOut = mergeLeftOut(stats.leftOut, [...found]);
    return { ...stats, ...(leftOut.length > 0 && { leftOut }) };
  };
  // The tree itself is looked at anyway, where it is no clone of what is remembered.
  if (remembered && remembered.livePath === undefined) {
    const finder = await LeftOutFinder.open(reach.runner, walked);
    const stats = await bringOver(host, request, finder.add);
    return tell(stats, await finder.finish());
  }
  const over = new AbortController();
  const looking = findLeftOut(reach.runner, {
    ...walked,
    signal: AbortSignal.any([signal, over.signal]),
  });
  looking.catch(() => undefined);
  try {
    const stats = await bringOver(host, request);
    return tell(stats, await looking);
  } finally {
    over.abort();
    await looking.catch(() => undefined);
  }
}

/** `transfer` of the mover contract. */
export async function transfer(
  host: Host,
  { opened, told, ...asked }: TransferRequest,
): Promise<TransferStats> {
  const there = readOpened(opened);
  const mover = withRefused(asked.mover, there.found);
  const request = { ...asked, ...there, mover, resolved: readResolved(told) };
  // A state of its storage is whole: what that lacks is told by its driver.
  if (request.resolved['whole'] === 'yes') return await bringOver(host, request);
  return await bringWhatIsCarried(host, request);
}
