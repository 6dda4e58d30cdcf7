/** Ends a transfer for good, on either side. */
import type { Host } from '../../hosts/contract';
import { readKeyNote, removeKey } from '../../landings/ssh-client';
import type { LandingPlace, TransferId } from '../contract';
import { landingId, landingNotePath, receiveAttempt, transferAttempt, writtenPath } from './names';

/** The newest state wins: a late close of an earlier sync leaves its successor alone. */
export async function close(host: Host, place: LandingPlace, id: TransferId): Promise<void> {
  if ((await readKeyNote(host, id))?.syncId === id.syncId) {
    await host.endAttempts(transferAttempt(host.home, id));
    await removeKey(host, id);
  }
  const note = landingNotePath(host.home, id);
  if ((await host.files.read(note)) === id.syncId) {
    await place.landings.close(landingId(id));
    await place.runner.endAttempts(receiveAttempt(host.home, id));
    await place.runner.files.remove(writtenPath(place.runner.scratch, id));
    await host.files.remove(note);
  }
}

/** The same, whichever sync it was for. */
export async function closeAll(
  host: Host,
  place: LandingPlace,
  id: Omit<TransferId, 'syncId'>,
): Promise<void> {
  const sending = await readKeyNote(host, id);
  const receiving = await host.files.read(landingNotePath(host.home, id));
  for (const syncId of new Set([sending?.syncId, receiving])) {
    if (syncId !== undefined) await close(host, place, { ...id, syncId });
  }
}
