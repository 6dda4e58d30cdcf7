/**
 * What was pushed and is whole, as the agent keeps it: noted before whoever pushes is told so, and gone before anybody may push
 * again. So a whole push becomes a recovery point, whatever is killed meanwhile.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { Host } from '../../../hosts/contract';
import type { TransferId } from '../../../movers/contract';

const NoteSchema = z.object({
  syncId: z.string(),
  /** Of the claim into which it was pushed: another one of its name holds nothing of it. */
  claim: z.string(),
  at: z.string(),
  begunAt: z.string(),
});
export type WholeNote = z.output<typeof NoteSchema>;

type Link = Omit<TransferId, 'syncId'>;

const folderOf = ({ home }: Pick<Host, 'home'>, relationship: string) =>
  join(home, 'pushes', encodeURIComponent(relationship));
const pathOf = (host: Host, { relationship, target }: Link) =>
  join(folderOf(host, relationship), encodeURIComponent(target));

/** Undefined where there is none, or one that can't be read. */
export async function readWhole(host: Host, link: Link): Promise<WholeNote | undefined> {
  const text = await host.files.read(pathOf(host, link));
  try {
    return NoteSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

export const noteWhole = (host: Host, link: Link, note: WholeNote): Promise<void> =>
  host.files.write(pathOf(host, link), JSON.stringify(note));

export const forgetWhole = (host: Host, link: Link): Promise<void> => host.files.remove(pathOf(host, link));

/** The relationship is deleted. */
export const forgetAll = (host: Host, relationship: string): Promise<void> =>
  host.files.remove(folderOf(host, relationship));
