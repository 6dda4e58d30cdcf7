/** The schema of `spec.mover`, of what each mover declares. */
import { z } from 'zod';
import type { VolumeKind } from '../kinds';
import { defaultMoverKind } from '../kinds';
import { values } from '../spec-values';
import { MOVER_KINDS, type MoverKind, MOVERS } from '.';

type Keys = { [Kind in MoverKind]: z.ZodOptional<ReturnType<(typeof MOVERS)[Kind]['schema']>> };

const keys = Object.fromEntries(MOVER_KINDS.map((kind) => [kind, MOVERS[kind].schema(values).optional()]));

export const MoverSchema = z
  .strictObject(keys as Keys)
  .describe("What carries the bytes. Left out: rsync for a directory, otherwise the volume kind's own.");

/** The mover of a volume kind where a spec names none, with all its defaults. */
export function defaultMover(kind: VolumeKind): z.output<typeof MoverSchema> {
  return MoverSchema.parse({ [defaultMoverKind(kind)]: {} });
}
