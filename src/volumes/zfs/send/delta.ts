/** Comparing files where there is no state to start from. A snapshot is read through a copy of it that is mounted. */
import type { Host } from '../../../hosts/contract';
import type { Landings } from '../../../landings/contract';
import { TidemarkError } from '../../../model/errors';
import type { Comparison, TransferStats } from '../../../model/records';
import { withCopy } from '../clones';
import { openBranch } from '../delta';
import { splitName } from '../names';
import { findReadyPlace, makeMissing, ownSnapshots } from '../place';
import type { Mover, Opened, TransferRequest } from '../../../movers/contract';
import { receiveDelta, transferDelta, verify } from '../../../movers/rsync/compare-trees';
import { reachAt } from '../../../movers/reach';

/** Target: a landing that writes to a branch of the replica. */
export async function receiveOntoBranch(
  host: Host,
  landings: Landings,
  request: Parameters<Mover['receive']>[2],
  onto: { identity: string; targetName: string },
  { isResumed, lock }: { isResumed: boolean; lock: (command: string[]) => Promise<string[]> },
): Promise<Opened> {
  const path = await openBranch(host, request.volume, onto, isResumed);
  return await receiveDelta(host, landings, request, { path, lock });
}

/** Source: what was frozen, file by file. */
export async function transferFiles(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { capture, id } = request;
  const volume = { kind: 'zfs' as const, path: splitName(capture.path).dataset };
  const place = await findReadyPlace(host, volume);
  const frozen = ownSnapshots(place).find(({ name }) => name === capture.path);
  if (!frozen || frozen.properties['guid'] !== capture.identity) throw makeMissing(place);
  if (place.dataset.properties['type'] !== 'filesystem') {
    const message = 'the source is no filesystem: there are no files to compare';
    throw new TidemarkError('UnsupportedCapture', message, { host: host.name, volume: volume.path });
  }
  return await withCopy(place, frozen, id.target, ({ path }) => transferDelta(host, request, path));
}

/** Source: the live files with those of a point whose identity proves nothing. */
export async function compareFiles(host: Host, request: Parameters<Mover['verify']>[1]): Promise<Comparison> {
  const { volume } = request;
  const { mounted, mountpoint = '' } = (await findReadyPlace(host, volume)).dataset.properties;
  if (mounted === 'yes') return await verify(host, { ...request, reach: reachAt(request.reach, mountpoint) });
  throw new TidemarkError('NotMounted', 'it is not mounted, and so its files can not be compared', {
    host: host.name,
    volume: volume.path,
    hint: `mount it: zfs mount ${volume.path}; or sync, and compare with the point of that`,
  });
}
