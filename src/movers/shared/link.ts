import type { Host } from '../../hosts/contract';
import type { Landing } from '../../landings/contract';
import { readKeyNote } from '../../landings/ssh-client';
import type { TransferId } from '../contract';

/** Whose link it is, for messages. */
export async function describeLink(
  host: Host,
  id: TransferId,
  { address, port, account }: Landing,
): Promise<{ host: string; address: string; targetHost?: string; isAccount?: true }> {
  if (account) return { host: host.name, address: `${address}:${port}`, isAccount: true };
  const targetHost = (await readKeyNote(host, id))?.targetHost;
  return { host: host.name, address: `${address}:${port}`, ...(targetHost && { targetHost }) };
}
