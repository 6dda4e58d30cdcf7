/** The target's half of the handshake. */
import type { Host } from '../../hosts/contract';
import type { Landing, Landings } from '../../landings/contract';
import { TidemarkError } from '../../model/errors';
import type { Mover } from '../contract';
import { remainingDeletions } from './deletions';
import { lockWriter } from '../shared/lock-writer';
import { landingNotePath, receiveAttempt } from '../shared/names';
import { openLanding } from '../shared/open-landing';
import type { LandingMode } from './options';
import { completeServerCommand } from './server-command';

type ReceiveRequest = Parameters<Mover['receive']>[2];

/** `resolved.deletedAlready` comes from the source: nothing but a count is taken from it. */
function limitOf({ maxDeletions, offer }: ReceiveRequest): { maxDeletions?: number } {
  if (maxDeletions === undefined) return {};
  const already = Number(offer.resolved['deletedAlready'] ?? 0);
  return { maxDeletions: remainingDeletions(maxDeletions, Number.isSafeInteger(already) ? already : 0) };
}

/** Ends what may still run of a lost attempt, then opens the landing. */
export async function receive(host: Host, landings: Landings, request: ReceiveRequest): Promise<Landing> {
  const { id, path, offer, writeMode } = request;
  // A verify offer never opens a landing that writes: its command would be refused below anyway.
  const mode: LandingMode = offer.resolved['mode'] === 'verify' ? 'verify' : writeMode;
  if (writeMode === 'verify' && mode !== 'verify') {
    throw new TidemarkError('InvalidSpec', 'an offer to write came where one to compare was expected', {
      host: host.name,
    });
  }
  const offered = offer.serverCommands[mode === 'verify' ? 'inPlace' : mode] ?? [];
  const command = completeServerCommand(offered, { mode, path, ...limitOf(request) });
  await host.endAttempts(receiveAttempt(host.home, id));
  await host.files.write(landingNotePath(host.home, id), id.syncId, 0o600);
  const locked = mode === 'verify' ? command : lockWriter(command.at(-1) ?? '', command);
  return await openLanding(host, landings, request, locked);
}
