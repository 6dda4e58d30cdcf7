/** Ends a transfer for good, on either side. */
import type { Host } from '../../../hosts/contract';
import { readKeyNote } from '../../../landings/ssh-client';
import type { LandingPlace, TransferId } from '../../../movers/contract';
import { close as closeLanding, closeAll as closeLandings } from '../../../movers/shared/close';
import { stagingFolder } from './transfer';

/** What waited to be sent goes with the key. */
async function removeStaged(host: Host, id: Omit<TransferId, 'syncId'>): Promise<void> {
  if (!(await readKeyNote(host, id))) await host.files.remove(stagingFolder(host.home, id));
}

export async function close(host: Host, place: LandingPlace, id: TransferId): Promise<void> {
  await closeLanding(host, place, id);
  await removeStaged(host, id);
}

export async function closeAll(
  host: Host,
  place: LandingPlace,
  id: Omit<TransferId, 'syncId'>,
): Promise<void> {
  await closeLandings(host, place, id);
  await removeStaged(host, id);
}
