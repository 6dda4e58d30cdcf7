/**
 * How many landings were opened at a target since its newest recovery point. A transfer that finds
 * nothing to do proves the replica equal to that point only if no other could write before it: one
 * that was cut off may have brought the changes, and its successor then sees none.
 */
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';

const notePath = (host: Host, { relationship, target }: TransferId) =>
  `${host.home}/landed/${encodeURIComponent(relationship)}/${encodeURIComponent(target)}`;

/** Landings since the newest point; zero where none was opened. */
export async function landingsSincePublish(host: Host, id: TransferId): Promise<number> {
  return Number((await host.files.read(notePath(host, id))) ?? 0);
}

/** Notes, durably and before it is opened, that a landing is about to be. */
export async function noteLanding(host: Host, id: TransferId): Promise<void> {
  await host.files.write(notePath(host, id), String((await landingsSincePublish(host, id)) + 1));
}

/** The newest point holds what they brought. */
export async function forgetLandings(host: Host, id: TransferId): Promise<void> {
  await host.files.remove(notePath(host, id));
}

/** When a landing that opens now is to expire, by the clock of the host that its sshd runs on. */
export function expiryIn(lifetimeMs: number): string {
  return new Date(Date.now() + lifetimeMs).toISOString();
}
