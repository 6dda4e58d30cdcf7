/**
 * What a source was marked by when it was last read for each target, kept in the agent's own folder: whether anybody has
 * written to it since.
 */
import { z } from 'zod';
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../contract';

const NoteSchema = z.object({ syncId: z.string(), mark: z.string() });

const folderOf = ({ home }: Pick<Host, 'home'>, relationship: string) =>
  `${home}/blocks/${encodeURIComponent(relationship)}`;

/** Of the newest sync to a target. */
export async function noteMark(
  host: Host,
  { relationship, target, syncId }: TransferId,
  mark: string,
): Promise<void> {
  const path = `${folderOf(host, relationship)}/${encodeURIComponent(target)}`;
  await host.files.write(path, JSON.stringify({ syncId, mark }), 0o600);
}

/** By the sync that read it, whichever target it was for; undefined where that is not known any more. */
export async function findMark(
  host: Host,
  relationship: string,
  syncId: string | undefined,
): Promise<string | undefined> {
  const folder = folderOf(host, relationship);
  for (const name of await host.files.list(folder)) {
    const text = await host.files.read(`${folder}/${name}`);
    const note = text === undefined ? undefined : NoteSchema.safeParse(JSON.parse(text)).data;
    if (note && note.syncId === syncId) return note.mark;
  }
  return undefined;
}

/** `forget` of the mover contract. */
export async function forgetMarks(host: Host, relationship: string): Promise<void> {
  await host.files.remove(folderOf(host, relationship));
}
