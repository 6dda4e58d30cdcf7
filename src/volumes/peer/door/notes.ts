/** What is kept of a door, in a folder of the agent's home: by the agent for whoever pushes, and by them for the agent. */
import { join } from 'node:path';
import { z } from 'zod';

/** What the agent says of it: read anew by each push. */
export const DoorSchema = z.object({
  relationship: z.string(),
  /** As the spec calls it. */
  url: z.string(),
  /** Without symlinks: what is pushed lies there. */
  folder: z.string(),
  /** Beside it on the same filesystem: where it is not there, nor is the folder's filesystem. */
  claims: z.string(),
  signal: z.literal('volsync').exactOptional(),
  credentials: z.string().exactOptional(),
  /** Nobody may push any more: why. */
  closed: z.string().exactOptional(),
});
export type DoorNote = z.output<typeof DoorSchema>;

const StateSchema = z.object({
  /** `ended`: and what was pushed is not known to be whole. */
  state: z.enum(['begun', 'ended', 'complete']),
  at: z.string(),
  /** What rsync ended with. */
  code: z.int(),
});
export type PushState = z.output<typeof StateSchema>;

export const doorPath = (door: string) => join(door, 'door.json');
export const statePath = (door: string) => join(door, 'state');
/** The push that was read last. */
export const takenPath = (door: string) => join(door, 'taken');
export const readersPath = (door: string) => join(door, 'readers');

/** Undefined for what is no note: then nothing is served. */
export function parseDoorNote(text: string | undefined): DoorNote | undefined {
  return parse(DoorSchema, text);
}

/** Undefined before the first push. */
export function parsePushState(text: string | undefined): PushState | undefined {
  return parse(StateSchema, text);
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  text: string | undefined,
): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
