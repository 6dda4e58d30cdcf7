/**
 * When landings were open at a target since its newest recovery point: what a transfer that was cut off has brought is
 * told by it from what others wrote, and a replica that one wrote to is no point.
 */
import { z } from 'zod';
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import type { WriteWindow } from '../../volumes/contract';

const NoteSchema = z.array(z.object({ openedAt: z.number(), closedAt: z.number().exactOptional() }));

const notePath = (host: Host, { relationship, target }: TransferId) =>
  `${host.home}/landed/${encodeURIComponent(relationship)}/${encodeURIComponent(target)}`;

/** Landings since the newest point, oldest first. */
export async function readLandings(host: Host, id: TransferId): Promise<WriteWindow[]> {
  const text = await host.files.read(notePath(host, id));
  return text === undefined ? [] : NoteSchema.parse(JSON.parse(text));
}

/** How many; zero where none was opened. */
export async function landingsSincePublish(host: Host, id: TransferId): Promise<number> {
  return (await readLandings(host, id)).length;
}

const writeNote = (host: Host, id: TransferId, landings: WriteWindow[]) =>
  host.files.write(notePath(host, id), JSON.stringify(landings));

/** The same of all targets that a relationship has on this host. */
export async function countLandings(host: Host, relationship: string): Promise<number> {
  const targets = await host.files.list(`${host.home}/landed/${encodeURIComponent(relationship)}`);
  const counts = await Promise.all(
    targets.map((name) =>
      landingsSincePublish(host, { relationship, target: decodeURIComponent(name), syncId: '' }),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Notes, durably and before it is opened, that a landing is about to be. */
export async function noteLanding(host: Host, id: TransferId): Promise<void> {
  const [landings, openedAt] = [await readLandings(host, id), await host.files.clock()];
  await writeNote(host, id, [...landings, { openedAt }]);
}

/**
 * Notes that the last one was closed.
 * @param closedAt before it was: so nothing that others wrote afterwards is taken for the transfer's
 */
export async function noteClosing(host: Host, id: TransferId, closedAt: number): Promise<void> {
  const landings = await readLandings(host, id);
  const last = landings.at(-1);
  if (last && last.closedAt === undefined)
    await writeNote(host, id, [...landings.slice(0, -1), { ...last, closedAt }]);
}

/** Nothing came through the last one. */
export async function dropLanding(host: Host, id: TransferId): Promise<void> {
  const landings = await readLandings(host, id);
  if (landings.length > 0) await writeNote(host, id, landings.slice(0, -1));
}

/** The newest point holds what they brought. */
export async function forgetLandings(host: Host, id: TransferId): Promise<void> {
  await host.files.remove(notePath(host, id));
}

/** When a landing that opens now is to expire, by the clock of the host that its sshd runs on. */
export function expiryIn(lifetimeMs: number): string {
  return new Date(Date.now() + lifetimeMs).toISOString();
}
