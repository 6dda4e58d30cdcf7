/** Compares a recovery point with its source, byte by byte; changes nothing. */
import type { Host, Runner } from '../../hosts/contract';
import { makeRecordReader } from '../../hosts/record-reader';
import { LANDING_ALIAS, prepareSsh, SSH_ARGV } from '../../landings/ssh-client';
import { TidemarkError } from '../../model/errors';
import type { Comparison, Difference } from '../../model/records';
import type { Mover } from '../contract';
import type { Reach } from '../reach';
import { classifyEnding } from '../rsync/one-file';
import { describeLink } from '../shared/link';
import { transferAttempt } from '../shared/names';
import { landingOf } from '../shared/told';
import {
  countStretches,
  findDifferent,
  makeDigestCommand,
  readDigests,
  STRETCH_BYTES,
  type Stretch,
} from './digests';
import { type Found, lookAtSomething, readMark } from './look';
import { findMark } from './source-marks';
import { type BlockFound, readFound } from './told';

type VerifyRequest = Parameters<Mover['verify']>[1];

/** More would be too much for one answer through Temporal. */
const TOLD_DIFFERENCES = 1000;

/** The volume itself: there is nothing inside of it that has a name. */
const ALL = '.';

/**
 * Whether the source was written to since the point was captured; undefined where nobody can tell. What a sync noted tells
 * it; else two files of one length and time, of which the one is a copy; or where the point is this very device.
 */
async function wasChanged(
  host: Host,
  request: VerifyRequest,
  source: Found,
  found: BlockFound,
): Promise<boolean | undefined> {
  const { id, reach, pointSyncId } = request;
  const [before, now] = [
    await findMark(host, id.relationship, pointSyncId),
    await readMark(reach.runner, source),
  ];
  if (before !== undefined) return before !== now;
  if (found.mark === now) return false;
  return source.kind === 'file' && found.kind === 'file' ? true : undefined;
}

/** `verify` of the mover contract. Where it may be quick and can be, nothing is read. */
export async function verify(host: Host, request: VerifyRequest): Promise<Comparison> {
  const { reach, opened, quick, onProgress } = request;
  onProgress({ phase: 'comparing', bytesDone: 0, filesDone: 0, rateBytesPerSecond: 0 });
  const found = readFound(opened);
  const source = await lookAtSomething(reach.runner, reach.path);
  const changed = await wasChanged(host, request, source, found);
  if (quick && changed === false) return { differences: [], total: 0, unexplained: 0, bytes: 0 };
  const differ = found.kind === 'file' ? found.bytes !== source.bytes : found.bytes < source.bytes;
  const sizes: Difference[] = differ ? [{ path: ALL, what: ['size'], changedSince: changed ?? false }] : [];
  if (quick && changed === true && source.kind === 'file') {
    const content = { path: ALL, what: ['content'], changedSince: true };
    return { differences: [content], total: 1, unexplained: 0, bytes: source.bytes };
  }
  const comparedBytes = Math.min(found.comparedBytes ?? 0, source.bytes);
  const different = await compareDigests(host, request, source.path, comparedBytes);
  if (!quick && changed === true && comparedBytes > 0 && different.length === countStretches(comparedBytes))
    throw makeUnknown(reach);
  return summarize(sizes, different, changed ?? false, source.bytes - comparedBytes);
}

/** Damage can't be told from what was written there since, and there is nothing of which equal could be said. */
function makeUnknown({ runner, path }: Reach): TidemarkError {
  const message =
    'the source was written to all over since the point was captured: nothing of that could be verified';
  return new TidemarkError('VerificationFailed', message, {
    ...{ host: runner.name, volume: path },
    hint: 'stop what writes to it, or let a beforeCapture hook do so; sync, and verify right after that',
  });
}

function summarize(
  sizes: readonly Difference[],
  different: readonly Stretch[],
  changedSince: boolean,
  beyondBytes: number,
): Comparison {
  const ranges = different.map(({ from, to }) => ({
    ...{ path: `bytes ${from} to ${to}`, what: ['content'], changedSince },
  }));
  const all = [...sizes, ...ranges];
  return {
    differences: all.slice(0, TOLD_DIFFERENCES),
    total: all.length,
    unexplained: changedSince ? 0 : all.length,
    bytes: different.reduce((sum, { from, to }) => sum + to - from + 1, 0) + beyondBytes,
  };
}

/** Both sides sum up at once. @throws TidemarkError where one of them could not read everything */
async function compareDigests(
  host: Host,
  { id, reach, opened, signal, onProgress }: VerifyRequest,
  path: string,
  bytes: number,
): Promise<Stretch[]> {
  const { runner } = reach;
  const landing = landingOf(opened);
  await runner.endAttempts(transferAttempt(host.home, id));
  const startedAt = performance.now();
  const tell = () => {
    const done = Math.min(bytes, Math.min(here.digests.length, there.digests.length) * STRETCH_BYTES);
    const seconds = (performance.now() - startedAt) / 1000;
    const rate = seconds > 0 ? Math.round(done / seconds) : 0;
    onProgress({
      ...{ phase: 'comparing', bytesDone: done, bytesTotal: bytes, filesDone: 0, rateBytesPerSecond: rate },
      percent: bytes > 0 ? Math.floor((done / bytes) * 100) : 100,
      ...(rate > 0 && { etaSeconds: Math.round((bytes - done) / rate) }),
    });
  };
  const here = readDigests(tell);
  const there = readDigests(tell);
  const ended = new AbortController();
  const options = {
    signal: AbortSignal.any([signal, ended.signal]),
    attempt: transferAttempt(host.home, id),
  };
  const cwd = await prepareSsh(host, runner, id, landing);
  const link = await describeLink(host, id, landing);
  const local = run(runner, makeDigestCommand(path, bytes), options, here.onLine);
  const remote = run(runner, [...SSH_ARGV, LANDING_ALIAS, 'digests'], { ...options, cwd }, there.onLine);
  try {
    await Promise.all([
      local.then(({ exitCode, stderr }) => {
        if (exitCode !== 0 || here.digests.length !== countStretches(bytes))
          throw unreadable(runner, path, stderr);
      }),
      remote.then(({ exitCode, stderr }) => {
        if (exitCode !== 0 || there.digests.length !== countStretches(bytes))
          throw classifyEnding({ ...link, exitCode, stderr, sourcePath: path });
      }),
    ]);
  } finally {
    ended.abort(new Error('the other side has ended'));
    await Promise.allSettled([local, remote]);
  }
  return findDifferent(here.digests, there.digests, bytes);
}

async function run(
  runner: Runner,
  argv: readonly string[],
  options: { signal: AbortSignal; attempt: string; cwd?: string },
  onLine: (line: string) => void,
): Promise<{ exitCode: number; stderr: string }> {
  const { push } = makeRecordReader(onLine, '\n');
  return await runner.run(argv, { ...options, onStdout: push, maxOutputBytes: 64 * 1024 });
}

function unreadable(runner: Runner, path: string, stderr: string): TidemarkError {
  return new TidemarkError('ToolFailed', 'not everything of the source could be read', {
    ...{ host: runner.name, volume: path, toolMessage: stderr },
    hint: 'look at the device: dmesg, smartctl -a',
  });
}
