/** The target's half of the handshake. */
import { join } from 'node:path';
import type { Host } from '../../../hosts/contract';
import type { Landings } from '../../../landings/contract';
import { TidemarkError } from '../../../model/errors';
import { writeRecord } from '../../shared/tools';
import { slugOf } from '../names';
import { findReadyPlace, folderOf } from '../place';
import { limitPath } from '../records';
import type { Mover, Opened } from '../../../movers/contract';
import { landingNotePath, receiveAttempt } from '../../../movers/shared/names';
import { openedBy } from '../../../movers/shared/told';
import { openLanding } from '../../../movers/shared/open-landing';
import { makeLandingCommand } from './landing-script';
import { readOffer } from './offer';

type ReceiveRequest = Parameters<Mover['receive']>[2];

/** Ends what may still run of a lost attempt, and opens the landing. */
export async function receive(host: Host, landings: Landings, request: ReceiveRequest): Promise<Opened> {
  const { id, reach, volume, offer, writeMode, maxDeletions } = request;
  const isVerify = writeMode === 'verify';
  if ((readOffer(offer).isToCompare === true) !== isVerify) {
    const message = 'an offer to write came where one to compare was expected, or the other way round';
    throw new TidemarkError('InvalidSpec', message, { host: host.name });
  }
  const place = await findReadyPlace(host, volume);
  const folder = folderOf(place, id.relationship, 'landing');
  await host.endAttempts(receiveAttempt(host.home, id));
  if (!isVerify) {
    await host.files.mkdir(folder, 0o700);
    // What an attempt was unpacking that was killed.
    for (const name of await host.files.list(folder)) {
      if (name.startsWith('tidemark-')) await host.files.remove(join(folder, name));
    }
    const limit = { syncId: id.syncId, ...(maxDeletions !== undefined && { maxDeletions }) };
    await writeRecord(place, limitPath(place, id.relationship), limit);
  }
  await host.files.write(landingNotePath(host.home, id), id.syncId, 0o600);
  const { command, kind } = place;
  const slug = slugOf(id.relationship);
  const run = makeLandingCommand({
    engine: kind,
    command,
    folder,
    slug,
    ...(isVerify && { record: reach.path }),
  });
  return openedBy(await openLanding(host, landings, request, run));
}
