/** What the two sides tell each other. */
import { z } from 'zod';
import type { Opened, Told } from '../contract';
import { readTold } from '../shared/told';

const CommandSchema = z.array(z.string());

const OfferSchema = z.object({
  /** How long what is read was when it was offered. */
  bytes: z.int().nonnegative(),
  /** What rsync will want to run at the target, be that a file or a device; left out where only to compare. */
  serverCommands: z.object({ file: CommandSchema, device: CommandSchema }).exactOptional(),
});

/** What the source offers. */
export type BlockOffer = z.output<typeof OfferSchema>;

/** @throws TidemarkError `InvalidSpec` */
export const readOffer = (told: Told): BlockOffer => readTold(OfferSchema, told, 'source');

const FoundSchema = z.object({
  kind: z.enum(['file', 'device']),
  bytes: z.int().nonnegative(),
  /** To compare: what it is marked by, as far as it has not been written to since. */
  mark: z.string().exactOptional(),
  /** To compare: how many bytes are summed up. */
  comparedBytes: z.int().nonnegative().exactOptional(),
});

/** What the target found, and opened a landing to. */
export type BlockFound = z.output<typeof FoundSchema>;

/** @throws TidemarkError `InvalidSpec` */
export const readFound = ({ told }: Pick<Opened, 'told'>): BlockFound =>
  readTold(FoundSchema, told, 'target');
