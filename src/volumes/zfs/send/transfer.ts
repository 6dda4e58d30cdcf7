/** Pushes the stream. */
import type { Host, RunResult } from '../../../hosts/contract';
import { LANDING_ALIAS, prepareSsh, SSH_ARGV } from '../../../landings/ssh-client';
import type { TransferStats } from '../../../model/records';
import { TidemarkError } from '../../../model/errors';
import { type Entry, numberOf } from '../listing';
import { splitName } from '../names';
import { partsOf } from '../parts';
import { findPlace, makeMissing, type Place, withChildren } from '../place';
import { makeError } from '../tools';
import { approvalHint } from '../../../model/guards';
import { formatBytes } from '../../../model/units';
import { type CountedDeletions, refuseDeletions } from '../../../movers/shared/approval';
import { type CountedEntries, countEntries } from './entries';
import type { TransferRequest } from '../../../movers/contract';
import { transferAttempt } from '../../../movers/shared/names';
import { describeLink } from '../../../movers/shared/link';
import { ProgressMeter } from '../../../movers/shared/progress';
import { classifyStream } from './classify';
import { isRaw, makeResumedSend, makeSend, type Part } from './commands';
import { transferFiles } from './delta';
import { type OfferedPart, parseParts } from './offer';
import { zfsOptions } from '../../../model/movers';
import { readDelta } from '../../../movers/rsync/compare-trees';
import { landingOf } from '../../../movers/shared/told';
import { readFound } from './found';
import { readCopied, readEstimate } from './output';

/** A stream of no change at all is as long as its frame. */
const FRAME_BYTES = 2048;

/** ssh, as it reaches the landing from the folder of its configuration. */
export const SSH = [...SSH_ARGV, LANDING_ALIAS];

interface Source {
  place: Place;
  frozen: Entry;
  base?: Entry;
  parts: Part[];
  isEncrypted: boolean;
}

/**
 * What is sent of each dataset, and from which state, as the target has chosen it by identity.
 * @throws TidemarkError `SourceChanged` where other datasets were frozen than the target expects
 */
async function findSource(host: Host, request: TransferRequest): Promise<Source> {
  const { capture, told, opened, mover } = request;
  const { bases } = readFound(opened.told);
  const { dataset, own } = splitName(capture.path);
  const place = await findPlace(host, { kind: 'zfs', path: dataset });
  const frozen = place.entries.find(({ name }) => name === capture.path);
  if (!frozen || frozen.properties['guid'] !== capture.identity) throw makeMissing(place);
  const offered = parseParts(told);
  checkParts(place, frozen, offered, zfsOptions(mover).recursive);
  const found = offered.map(({ part }) => {
    const identity = bases?.[part];
    const base = identity === undefined ? undefined : findBase(place, `${dataset}${part}`, identity);
    return { snapshot: `${dataset}${part}@${own}`, base };
  });
  const base = found[0]?.base;
  const parts = found.map(({ snapshot, base: from }) => ({ snapshot, ...(from && { base: from.name }) }));
  const isEncrypted = (place.dataset?.properties['encryption'] ?? 'off') !== 'off';
  return { place, frozen, parts, isEncrypted, ...(base && { base }) };
}

function checkParts(
  place: Place,
  frozen: Entry,
  offered: readonly OfferedPart[],
  isRecursive: boolean,
): void {
  const names = new Set(partsOf(place, frozen).map(({ part }) => part));
  const missing = offered.filter(({ part }) => !names.has(part)).map(({ part }) => part);
  const more = [...names].filter((name) => isRecursive && !offered.some(({ part }) => part === name));
  if (missing.length + more.length === 0) return;
  const which = [...missing, ...more].map((part) => `${place.volume.path}${part}`).join(', ');
  const message = `datasets were made, renamed or destroyed while it was frozen: ${which}`;
  throw makeError(place, 'SourceChanged', message, { hint: 'sync again: it freezes them as they are now' });
}

/** @throws TidemarkError `BaseLost` */
function findBase(place: Place, dataset: string, identity: string): Entry {
  const held = place.entries.filter(
    (entry) => entry.dataset === dataset && entry.properties['guid'] === identity,
  );
  const found = held.find(({ kind }) => kind === 'snapshot') ?? held.find(({ kind }) => kind === 'bookmark');
  if (found) return found;
  const hint = 'the next older state that both sides hold is tried automatically';
  throw makeError(place, 'BaseLost', `the base of ${dataset} is not here any more`, { hint });
}

/** Without `changed` where nothing could be counted. */
type Counted = Pick<TransferStats, 'leftOut'> & CountedDeletions & Partial<Pick<CountedEntries, 'changed'>>;

/**
 * What would go is counted before a byte does. Where it can't be mounted, such as an encrypted dataset whose key is not
 * here, it has no entries, and its size is judged instead.
 */
async function countFirst(host: Host, request: TransferRequest, source: Source): Promise<Counted> {
  const { place, frozen, base } = source;
  const from = base?.kind === 'snapshot' ? { base } : {};
  try {
    const { leftOut, changed, ...counts } = await countEntries(place, { id: request.id, frozen, ...from });
    refuseDeletions(host, request, counts);
    // Of a bookmark it is not known what it held.
    const isKnown = base?.kind !== 'bookmark';
    return { ...counts, ...(isKnown && { changed }), ...(leftOut.length > 0 && { leftOut }) };
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'NotMounted') throw error;
    if (base?.kind === 'snapshot') refuseShrinking(host, request, source, base, error.message);
    return { entries: 0 };
  }
}

/** @throws TidemarkError `ApprovalRequired` where a state is smaller than its base by more than is allowed to be deleted. */
function refuseShrinking(
  host: Host,
  request: TransferRequest,
  { place: { entries }, frozen }: Source,
  base: Entry,
  why: string,
): void {
  const { id, reach, maxDeletionsPercent, maxDeletions, targetEntries } = request;
  const share =
    maxDeletions === undefined || !targetEntries ? undefined : (100 * maxDeletions) / targetEntries;
  const percent = maxDeletionsPercent ?? share;
  const sizeOf = (state: Entry) =>
    withChildren(entries, state).reduce((sum, each) => sum + numberOf(each, 'referenced'), 0);
  const [before, now] = [sizeOf(base), sizeOf(frozen)];
  if (percent === undefined || before - now <= (percent / 100) * before) return;
  const message = `this state is ${formatBytes(now)} large, and the one before was ${formatBytes(before)}; what this sync would delete at ${id.target} is not known, since ${why}`;
  const hint = approvalHint(id.relationship);
  throw new TidemarkError('ApprovalRequired', message, { host: host.name, volume: reach.path, hint });
}

/** Bytes of the stream, as far as they can be known before. */
async function estimate(
  host: Host,
  send: readonly string[],
  { place: { features, entries }, parts }: Source,
): Promise<number | undefined> {
  if (features.estimates && send[0] === 'zfs' && !send.includes('-t')) {
    const { stdout, stderr } = await host.run([...send.slice(0, 2), '-nP', ...send.slice(2)]);
    return readEstimate(`${stdout.toString()}\n${stderr}`);
  }
  if (parts.some(({ base }) => base !== undefined)) return undefined;
  const sizeOf = (name: string) =>
    entries.filter((entry) => entry.name === name).map((entry) => numberOf(entry, 'referenced'));
  return parts.flatMap(({ snapshot }) => sizeOf(snapshot)).reduce((sum, bytes) => sum + bytes, 0);
}

/** The landing had everything already: it answers the identity of what it holds, and reads nothing. */
function isThereAlready({ stdout, exitCode }: RunResult, identity: string | undefined): boolean {
  return exitCode === 0 && identity !== undefined && stdout.toString().trim() === identity;
}

/** `transfer` of the mover contract: one attempt, from the base, or from where this ZFS can go on. */
export async function transfer(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { id, capture, opened, mover, signal, onProgress } = request;
  const startedAt = performance.now();
  await host.endAttempts(transferAttempt(host.home, id));
  if (readDelta(opened)) return await transferFiles(host, request);
  const source = await findSource(host, request);
  const counted = await countFirst(host, request, source);
  const options = zfsOptions(mover);
  const raw = isRaw(options, source.isEncrypted) && source.place.features.raw;
  const { resumeToken } = readFound(opened.told);
  const send =
    resumeToken === undefined
      ? makeSend(source.parts, { intermediates: options.intermediates, raw })
      : makeResumedSend(resumeToken);
  const expectedBytes = await estimate(host, send, source);
  const meter = new ProgressMeter({
    onProgress,
    now: () => performance.now(),
    ...(expectedBytes !== undefined && { expectedBytes }),
  });
  const cwd = await prepareSsh(host, host, id, landingOf(opened));
  let tail = '';
  const onStderr = (chunk: Buffer) => {
    tail = (tail + chunk.toString('latin1')).slice(-400);
    const bytes = readCopied(tail);
    if (bytes !== undefined) meter.update({ bytes });
  };
  // Counts without bringing a byte into this process.
  const count = ['dd', 'bs=1M', 'status=progress'];
  const attempt = transferAttempt(host.home, id);
  const maxOutputBytes = 1024 * 1024;
  const results = await host.pipe([send, count, SSH], { cwd, signal, attempt, onStderr, maxOutputBytes });
  const [sent, copied, ssh] = results as [RunResult, RunResult, RunResult];
  const bytesSent = readCopied(copied.stderr) ?? 0;
  const isThere = isThereAlready(ssh, capture.identity);
  if (!isThere && (sent.exitCode !== 0 || ssh.exitCode !== 0)) throw await classify(host, request, sent, ssh);
  const durationMs = Math.round(performance.now() - startedAt);
  return makeStats(source, { bytesSent, isThere, durationMs, counted });
}

async function classify(
  host: Host,
  { id, capture, opened }: TransferRequest,
  send: RunResult,
  ssh: RunResult,
) {
  return classifyStream({
    ...(await describeLink(host, id, landingOf(opened))),
    sourcePath: capture.path,
    send,
    ssh,
  });
}

function makeStats(
  { place: { entries }, parts }: Source,
  {
    bytesSent,
    isThere,
    durationMs,
    counted,
  }: { bytesSent: number; isThere: boolean; durationMs: number; counted: Counted },
): TransferStats {
  const names = new Set(parts.map(({ snapshot }) => snapshot));
  const totalBytes = entries
    .filter(({ name }) => names.has(name))
    .reduce((sum, entry) => sum + numberOf(entry, 'referenced'), 0);
  const isChanged = isThere || bytesSent > FRAME_BYTES * parts.length;
  return {
    bytesSent,
    bytesChanged: bytesSent,
    // A stream does not say how many entries it is about.
    filesChanged: counted.changed ?? (isChanged ? 1 : 0),
    filesDeleted: counted.removed ?? 0,
    totalBytes,
    totalFiles: counted.entries,
    durationMs,
    filesVanished: 0,
    ...(counted.leftOut && { leftOut: counted.leftOut }),
  };
}
