/** The target's half of the handshake. */
import type { Host } from '../../../hosts/contract';
import type { Landings } from '../../../landings/contract';
import { withLock } from '../../shared/lock';
import { clearIncoming, findOwnPlace } from '../folders';
import { makeClone } from '../delta';
import { isChanged } from '../changes';
import { isOthers, wasWritten } from '../frozen';
import type { ReadyPlace } from '../../directory/place';
import { makeError } from '../../shared/tools';
import type { Mover, Opened, TransferId } from '../../../movers/contract';
import { landingNotePath, receiveAttempt } from '../../../movers/shared/names';
import { openedBy } from '../../../movers/shared/told';
import { openLanding } from '../../../movers/shared/open-landing';
import { receiveDelta, receive as receiveByRsync } from '../../../movers/rsync/compare-trees';
import { lockWriter } from '../../../movers/shared/lock-writer';

type ReceiveRequest = Parameters<Mover['receive']>[2];

/** Somebody wrote to it since the transfer was planned. */
function makeDiverged(place: ReadyPlace, { relationship }: TransferId) {
  const hint = `tidemark approve ${relationship} puts what is there aside, and goes on`;
  return makeError(place, 'Diverged', 'the replica was changed there since it was last equal', { hint });
}

/** What is sent would be applied to something else than it was made from. */
function makeBaseChanged(place: ReadyPlace, base: string) {
  const hint = 'the next older state that both hold is taken, or everything is sent again automatically';
  return makeError(place, 'BaseLost', `${base} was written to since it was received`, { hint });
}

/**
 * Ends what may still run of a lost attempt, removes what it left, and opens a landing into a folder beside
 * the data. Nothing there is a state of the volume before `publish` has looked at it.
 */
export async function receive(host: Host, landings: Landings, request: ReceiveRequest): Promise<Opened> {
  const { id, volume, stream, writeMode } = request;
  // Comparing is rsync's: what was sent is a tree.
  if (writeMode === 'verify') return await receiveByRsync(host, landings, request);
  await host.endAttempts(receiveAttempt(host.home, id));
  const note = landingNotePath(host.home, id);
  const place = await findOwnPlace(host, volume);
  if (stream?.into === 'replica' && (await isChanged(host, volume, id.relationship)))
    throw makeDiverged(place, id);
  const base = stream?.base?.targetName;
  if (base !== undefined && isOthers(base) && (await wasWritten(host, base)))
    throw makeBaseChanged(place, base);
  if (stream?.onto) {
    const { onto } = stream;
    const isResumed = (await host.files.read(note)) === id.syncId;
    const path = await withLock(`incoming:${place.root}`, () =>
      makeClone(place, id.relationship, onto, isResumed),
    );
    await host.files.write(note, id.syncId, 0o600);
    return await receiveDelta(host, landings, request, {
      path,
      lock: (command) => lockWriter(path, command),
    });
  }
  const folder = await withLock(`incoming:${place.root}`, () => clearIncoming(place, id.relationship));
  await host.files.write(note, id.syncId, 0o600);
  const command = lockWriter(folder, ['btrfs', 'receive', '--quiet', folder]);
  return openedBy(await openLanding(host, landings, request, command));
}
