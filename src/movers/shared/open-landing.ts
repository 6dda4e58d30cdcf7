import type { Host } from '../../hosts/contract';
import type { Landing, Landings } from '../../landings/contract';
import type { Mover } from '../contract';
import { landingId, receiveAttempt } from './names';

/** Opens the landing of a transfer, for this command alone. */
export async function openLanding(
  host: Host,
  landings: Landings,
  { id, offer, expiresAt }: Pick<Parameters<Mover['receive']>[2], 'id' | 'offer' | 'expiresAt'>,
  command: readonly string[],
): Promise<Landing> {
  const { publicKey } = offer;
  const attempt = receiveAttempt(host.home, id);
  return await landings.open({ id: landingId(id), publicKey, command, attempt, expiresAt });
}
