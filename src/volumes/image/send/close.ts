/** Ends a transfer for good, on either side. */
import type { Host } from '../../../hosts/contract';
import type { Landings } from '../../../landings/contract';
import { readKeyNote } from '../../../landings/ssh-client';
import type { TransferId } from '../../../movers/contract';
import { close as closeLanding, closeAll as closeLandings } from '../../../movers/shared/close';
import { stagingFolder } from './transfer';

/** What waited to be sent goes with the key. */
async function removeStaged(host: Host, id: Omit<TransferId, 'syncId'>): Promise<void> {
  if (!(await readKeyNote(host, id))) await host.files.remove(stagingFolder(host.home, id));
}

export async function close(host: Host, landings: Landings, id: TransferId): Promise<void> {
  await closeLanding(host, landings, id);
  await removeStaged(host, id);
}

export async function closeAll(
  host: Host,
  landings: Landings,
  id: Omit<TransferId, 'syncId'>,
): Promise<void> {
  await closeLandings(host, landings, id);
  await removeStaged(host, id);
}
