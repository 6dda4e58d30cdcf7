/** Pushes the stream. */
import type { Host, RunResult } from '../../hosts/contract';
import { LANDING_ALIAS, prepareSsh, SSH_ARGV } from '../../landings/ssh-client';
import type { TransferStats } from '../../model/records';
import { makeMissing } from '../../volumes/zfs/place';
import { findFeatures, type Features } from '../../volumes/zfs/features';
import { type Entry, listTree, numberOf } from '../../volumes/zfs/listing';
import { splitName } from '../../volumes/zfs/names';
import type { TransferRequest } from '../contract';
import { transferAttempt } from '../shared/names';
import { describeLink } from '../shared/link';
import { ProgressMeter } from '../shared/progress';
import { classifyStream } from './classify';
import { isRaw, makeResumedSend, makeSend, type Part } from './commands';
import { transferFiles } from './delta';
import { parseParts } from './offer';
import { zfsOptions } from './options';
import { readCopied, readEstimate } from './output';

/** A stream of no change at all is as long as its frame. */
const FRAME_BYTES = 2048;

/** ssh, as it reaches the landing from the folder of its configuration. */
export const SSH = [...SSH_ARGV, LANDING_ALIAS];

interface Source {
  parts: Part[];
  entries: Entry[];
  features: Features;
  isEncrypted: boolean;
}

/** What is sent of each dataset, and from which base: one that is new there is sent in full. */
async function findSource(host: Host, request: TransferRequest): Promise<Source> {
  const { capture, stream, resolved } = request;
  const { dataset, own } = splitName(capture.path);
  const volume = { kind: 'zfs' as const, path: dataset };
  const [features, entries] = await Promise.all([findFeatures(host), listTree({ host, volume }, dataset)]);
  const names = new Map(entries.map((entry) => [entry.name, entry]));
  const top = names.get(capture.path);
  if (top?.properties['guid'] !== capture.identity) throw makeMissing({ host, volume });
  const sign = stream?.base?.sourceName.slice(dataset.length);
  const parts = parseParts({ publicKey: '', serverCommands: {}, resolved }).map((part): Part => {
    const base = sign === undefined ? undefined : `${dataset}${part}${sign}`;
    const isHeld = base !== undefined && (part === '' || names.has(base));
    return { snapshot: `${dataset}${part}@${own}`, ...(isHeld && { base }) };
  });
  const isEncrypted = (names.get(dataset)?.properties['encryption'] ?? 'off') !== 'off';
  return { parts, entries, features, isEncrypted };
}

/** Bytes of the stream, as far as they can be known before. */
async function estimate(
  host: Host,
  send: readonly string[],
  { features, entries, parts }: Source,
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
  const { id, capture, landing, mover, signal, onProgress } = request;
  const startedAt = performance.now();
  await host.endAttempts(transferAttempt(host.home, id));
  if (landing.rsync) return await transferFiles(host, request);
  const source = await findSource(host, request);
  const options = zfsOptions(mover);
  const raw = isRaw(options, source.isEncrypted) && source.features.raw;
  const { resumeToken } = landing;
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
  const cwd = await prepareSsh(host, id, landing);
  let tail = '';
  const onStderr = (chunk: Buffer) => {
    tail = (tail + chunk.toString('latin1')).slice(-400);
    const bytes = readCopied(tail);
    if (bytes !== undefined) meter.update({ bytes, percent: 0 });
  };
  // Counts without bringing a byte into this process.
  const count = ['dd', 'bs=1M', 'status=progress'];
  const attempt = transferAttempt(host.home, id);
  const maxOutputBytes = 1024 * 1024;
  const results = await host.pipe([send, count, SSH], { cwd, signal, attempt, onStderr, maxOutputBytes });
  const [sent, counted, ssh] = results as [RunResult, RunResult, RunResult];
  const bytesSent = readCopied(counted.stderr) ?? 0;
  const isThere = isThereAlready(ssh, capture.identity);
  if (!isThere && (sent.exitCode !== 0 || ssh.exitCode !== 0)) throw await classify(host, request, sent, ssh);
  return makeStats(source, { bytesSent, isThere, durationMs: Math.round(performance.now() - startedAt) });
}

async function classify(
  host: Host,
  { id, capture, landing }: TransferRequest,
  send: RunResult,
  ssh: RunResult,
) {
  return classifyStream({
    ...(await describeLink(host, id, landing)),
    sourcePath: capture.path,
    send,
    ssh,
  });
}

function makeStats(
  { entries, parts }: Source,
  { bytesSent, isThere, durationMs }: { bytesSent: number; isThere: boolean; durationMs: number },
): TransferStats {
  const names = new Set(parts.map(({ snapshot }) => snapshot));
  const totalBytes = entries
    .filter(({ name }) => names.has(name))
    .reduce((sum, entry) => sum + numberOf(entry, 'referenced'), 0);
  const isChanged = isThere || bytesSent > FRAME_BYTES * parts.length;
  return {
    bytesSent,
    bytesChanged: bytesSent,
    // A stream does not say how many files it is about.
    filesChanged: isChanged ? 1 : 0,
    filesDeleted: 0,
    totalBytes,
    totalFiles: 0,
    durationMs,
    filesVanished: 0,
  };
}
