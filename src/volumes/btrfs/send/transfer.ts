/** Pushes a state, as `btrfs send` tells it. */
import type { Host } from '../../../hosts/contract';
import { runChecked } from '../../../hosts/run-checked';
import { LANDING_ALIAS, prepareSsh, SSH_ARGV } from '../../../landings/ssh-client';
import { TidemarkError } from '../../../model/errors';
import type { TransferStats } from '../../../model/records';
import { isOthers, wasWritten } from '../frozen';
import type { TransferRequest } from '../../../movers/contract';
import { transferDelta, readDelta } from '../../../movers/rsync/compare-trees';
import { landingOf } from '../../../movers/shared/told';
import { refuseDeletions } from '../../../movers/shared/approval';
import { describeLink } from '../../../movers/shared/link';
import { transferAttempt } from '../../../movers/shared/names';
import { ProgressMeter } from '../../../movers/shared/progress';
import { classifyStream } from './classify';
import { countFrozen, foresee, sendArgv, STUB_INODE } from './foresee';
import { planParts, type SentPart } from './parts';

/** What passes by is counted by `dd`, which says so once a second. */
const COUNT = ['dd', 'bs=128K', 'status=progress'];
const COUNTED = /(\d+) bytes?/g;

/** Sends one subvolume. Answers the bytes of its stream. */
async function sendPart(
  host: Host,
  part: SentPart,
  { request, cwd, onBytes }: { request: TransferRequest; cwd: string; onBytes: (bytes: number) => void },
): Promise<number> {
  const { id, opened, signal } = request;
  const landing = landingOf(opened);
  let bytes = 0;
  const onStderr = (chunk: Buffer) => {
    for (const [, count] of chunk.toString('latin1').matchAll(COUNTED))
      bytes = Math.max(bytes, Number(count));
    onBytes(bytes);
  };
  const ssh = [...SSH_ARGV, LANDING_ALIAS, 'receive'];
  const attempt = transferAttempt(host.home, id);
  const results = await host.pipe([sendArgv(part), COUNT, ssh], { cwd, attempt, signal, onStderr });
  const [send, , received] = results;
  if (!send || !received) throw new Error('a pipe of three answered fewer results');
  if (send.exitCode === 0 && received.exitCode === 0) return bytes;
  const link = await describeLink(host, id, landing);
  throw classifyStream({ ...link, send, ssh: received, sourcePath: part.path });
}

/** @throws TidemarkError `UnsupportedCapture` where a copy of its files would not be the state that is sent. */
async function checkOneTree(host: Host, path: string): Promise<void> {
  const find = ['find', '.', '-xdev', '-inum', STUB_INODE, '-print', '-quit'];
  const { stdout } = await runChecked(host, find, { cwd: path });
  if (stdout.length === 0) return;
  const message = 'there are subvolumes inside, which comparing files would not leave out';
  throw new TidemarkError('UnsupportedCapture', message, { host: host.name, volume: path });
}

/** @throws TidemarkError `BaseLost` where another tool's snapshot is not any more what was sent of it once. */
async function checkBase(host: Host, { stream, reach }: TransferRequest): Promise<void> {
  const base = stream?.base?.sourceName;
  if (base === undefined || !isOthers(base) || !(await wasWritten(host, base))) return;
  throw new TidemarkError('BaseLost', `${base} was written to since it was made`, {
    ...{ host: host.name, volume: reach.path },
    hint: 'the next older state that both hold is taken, or everything is sent again automatically',
  });
}

/** One attempt, from the beginning of the stream: what an earlier one left is not resumed. */
export async function transfer(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { id, capture, opened, stream } = request;
  const expectedBytes = request.expectedBytes?.disk ?? 0;
  const startedAt = performance.now();
  await host.endAttempts(transferAttempt(host.home, id));
  if (readDelta(opened)) {
    await checkOneTree(host, capture.path);
    return await transferDelta(host, request, capture.path);
  }
  await checkBase(host, request);
  const plan = await planParts(host, capture, stream?.base);
  const ahead = await foresee(host, plan, request);
  refuseDeletions(host, request, ahead.counted);
  // Beside the transfer; where the state is gone, that will say so.
  const entries = countFrozen(host, capture.path).catch(() => 0);
  const isWhole = stream?.base === undefined;
  const meter = new ProgressMeter({
    onProgress: request.onProgress,
    now: () => performance.now(),
    expectedBytes: isWhole ? expectedBytes : Math.max(1, ahead.bytes),
  });
  const cwd = await prepareSsh(host, host, id, landingOf(opened));
  let bytesSent = 0;
  for (const part of plan.parts) {
    const onBytes = (bytes: number) => meter.update({ bytes: bytesSent + bytes });
    bytesSent += await sendPart(host, part, { request, cwd, onBytes });
  }
  const totalFiles = await entries;
  return {
    bytesSent,
    bytesChanged: isWhole ? bytesSent : ahead.bytes,
    filesChanged: isWhole ? totalFiles : ahead.changed,
    filesDeleted: ahead.deleted,
    totalBytes: expectedBytes,
    totalFiles,
    durationMs: Math.round(performance.now() - startedAt),
    filesVanished: 0,
  };
}
