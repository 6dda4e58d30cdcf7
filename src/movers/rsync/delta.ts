/**
 * Brings a clone of an old replica up to date by comparing files, for movers that otherwise send streams and have no
 * state to start from. Both ends find rsync's options by themselves: an offer for a stream names none.
 */
import type { Host } from '../../hosts/contract';
import { countEntries } from '../../trees/measure-tree';
import type { Landings } from '../../landings/contract';
import { rsyncOptions } from '../../model/movers';
import type { TransferStats } from '../../model/records';
import type { MoverSpec } from '../../model/spec';
import { TidemarkError } from '../../model/errors';
import type { Mover, Opened, TransferRequest } from '../contract';
import { reachAt } from '../reach';
import { openLanding } from '../shared/open-landing';
import { openedBy } from '../shared/told';
import { askServerCommand } from './offer';
import { listLinked } from './parted-names';
import type { LandingMode } from './options';
import { makeWriterCommand } from './passes';
import { completeServerCommand } from './server-command';
import { readDelta, type RsyncDelta } from './told';
import { transfer } from './transfer';

type ReceiveRequest = Parameters<Mover['receive']>[2];

/** Contents alone count: what differs is found whatever its size and time say. */
const byChecksum = (mover: MoverSpec): MoverSpec => ({
  ...mover,
  rsync: { ...rsyncOptions(mover), checksum: true },
});

/**
 * Written in place, two names of one file of the clone that are two files by now would undo each other; otherwise
 * only the blocks that differ are written, and the clone goes on sharing the rest.
 */
async function chooseWriteMode(host: Host, path: string): Promise<'inPlace' | 'delayed'> {
  const find = ['find', '.', '-xdev', '-type', 'f', '-links', '+1', '-print', '-quit'];
  const { stdout, exitCode } = await host.run(find, { cwd: path });
  return stdout.length > 0 || exitCode !== 0 ? 'delayed' : 'inPlace';
}

async function limitDeletions(
  host: Host,
  path: string,
  { maxDeletions, maxDeletionsPercent }: ReceiveRequest,
): Promise<{ maxDeletions?: number }> {
  if (maxDeletions !== undefined) return { maxDeletions };
  if (maxDeletionsPercent === undefined) return {};
  return { maxDeletions: Math.floor((maxDeletionsPercent / 100) * (await countEntries(host, path))) };
}

/**
 * Target: opens a landing that writes to the clone at `path`.
 * @param lock keeps other writers away from the replica for as long as the command runs
 * @throws TidemarkError `ToolMissing` where there is no rsync
 */
export async function receiveDelta(
  host: Host,
  landings: Landings,
  request: ReceiveRequest,
  { path, lock }: { path: string; lock: (command: string[]) => string[] | Promise<string[]> },
): Promise<Opened> {
  const [writeMode, limit] = await Promise.all([
    chooseWriteMode(host, path),
    limitDeletions(host, path, request),
  ]);
  const offered = await askServerCommand(host, byChecksum(request.mover), writeMode, {});
  const command = makeWriterCommand(offered, { mode: writeMode, path, ...limit }, listLinked(path));
  const landing = await openLanding(host, landings, request, await lock(command));
  return openedBy(landing, { rsync: { writeMode, ...limit } satisfies RsyncDelta });
}

/** Target: opens a landing that only reads what is at `path`, to compare files with it. */
export async function receiveComparison(
  host: Host,
  landings: Landings,
  request: ReceiveRequest,
  { path, quick }: { path: string; quick: boolean },
): Promise<Opened> {
  const mode: LandingMode = 'verify';
  const offered = await askServerCommand(host, request.mover, mode, quick ? { compare: 'quick' } : {});
  const landing = await openLanding(host, landings, request, completeServerCommand(offered, { mode, path }));
  return openedBy(landing, { rsync: { writeMode: mode } satisfies RsyncDelta });
}

/** Source: brings the clone behind such a landing up to date with the frozen tree at `path`. */
export async function transferDelta(
  host: Host,
  request: TransferRequest,
  path: string,
): Promise<TransferStats> {
  const { mover, ...others } = request;
  const { writeMode, maxDeletions } = readDelta(request.opened) ?? {};
  if (writeMode === undefined || writeMode === 'verify')
    throw new TidemarkError('InvalidSpec', 'the landing is none to write to by rsync', { host: host.name });
  // The target counted what is compared; what was planned may count other things than files.
  const { maxDeletions: _planned, targetEntries: _counted, remembered: _source, ...rest } = others;
  const stats = await transfer(host, {
    ...rest,
    ...{ mover: byChecksum(mover), writeMode, reach: reachAt(request.reach, path) },
    ...(maxDeletions !== undefined && { maxDeletions }),
    told: { resolved: { whole: 'yes' } },
  });
  if (stats.filesVanished === 0) return stats;
  const message = 'files of the frozen state vanished while they were read';
  throw new TidemarkError('SourceChanged', message, { host: host.name, volume: path });
}
