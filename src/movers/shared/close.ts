/** Ends a transfer for good, on either side. */
import type { Host } from '../../hosts/contract';
import type { Landings } from '../../landings/contract';
import { readKeyNote, removeKey } from '../../landings/ssh-client';
import type { TransferId } from '../contract';
import { landingId, landingNotePath, receiveAttempt, transferAttempt, writtenPath } from './names';

/** The newest state wins: a late close of an earlier sync leaves its successor alone. */
export async function close(host: Host, landings: Landings, id: TransferId): Promise<void> {
  if ((await readKeyNote(host, id))?.syncId === id.syncId) {
    await host.endAttempts(transferAttempt(host.home, id));
    await removeKey(host, id);
  }
  const note = landingNotePath(host.home, id);
  if ((await host.files.read(note)) === id.syncId) {
    await landings.close(landingId(id));
    await host.endAttempts(receiveAttempt(host.home, id));
    await host.files.remove(writtenPath(host.home, id));
    await host.files.remove(note);
  }
}

/** The same, whichever sync it was for. */
export async function closeAll(
  host: Host,
  landings: Landings,
  id: Omit<TransferId, 'syncId'>,
): Promise<void> {
  const sending = await readKeyNote(host, id);
  const receiving = await host.files.read(landingNotePath(host.home, id));
  for (const syncId of new Set([sending?.syncId, receiving])) {
    if (syncId !== undefined) await close(host, landings, { ...id, syncId });
  }
}
