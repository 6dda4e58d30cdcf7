/** What the two sides of an rsync tell each other. */
import { z } from 'zod';
import type { Landing } from '../../landings/contract';
import { type MoverSpec, rsyncOptions } from '../../model/movers';
import type { Opened, Told, TransferRequest } from '../contract';
import { REFUSABLE } from '../reach';
import { landingOf, readTold } from '../shared/told';

const CommandSchema = z.array(z.string());

/** Options as resolved for this link, for example the compression that was chosen. */
const ResolvedSchema = z.record(z.string(), z.string());

const OfferSchema = z.object({
  /** The exact command that rsync will want to run at the target, for each way of writing; or to compare. */
  serverCommands: z.object({
    inPlace: CommandSchema.exactOptional(),
    delayed: CommandSchema.exactOptional(),
    verify: CommandSchema.exactOptional(),
  }),
  resolved: ResolvedSchema,
});

/** What the source offers. */
export type RsyncOffer = z.output<typeof OfferSchema>;

/** The source's own, of what it has offered. */
export const readResolved = (told: Told): Record<string, string> =>
  readTold(z.object({ resolved: ResolvedSchema }), told, 'source').resolved;

/** @throws TidemarkError `InvalidSpec` */
export const readOffer = (told: Told): RsyncOffer => readTold(OfferSchema, told, 'source');

const KeepsSchema = z.object({
  uid: z.number(),
  gids: z.array(z.number()),
  lacks: z.array(z.enum(['user', 'trusted', 'security', 'acl'])),
  timeStepNs: z.number(),
});

const FoundSchema = z.object({
  /** What can be kept of what lands there; left out where nobody tried. */
  keeps: KeepsSchema.exactOptional(),
  /** Nothing was there when it was opened, so that everything has to be sent, and nothing can be deleted. */
  isEmpty: z.literal(true).exactOptional(),
  /** The landing answers a list of files that others wrote to, whose content is to be compared. */
  hasWritten: z.literal(true).exactOptional(),
  /** There is no name in the replica that its newest point has not, as far as it was looked at. */
  hasNoNewNames: z.literal(true).exactOptional(),
  /** Of an account: what rsync there does not take. */
  refused: z.array(z.enum(REFUSABLE)).exactOptional(),
});

/** What the target found, and opened a landing to. */
export type RsyncFound = z.output<typeof FoundSchema>;

const DeltaSchema = z.object({
  writeMode: z.enum(['inPlace', 'delayed', 'verify']),
  maxDeletions: z.number().exactOptional(),
});

/**
 * Of movers that send streams: what answers at the landing is rsync, and files are compared. How it writes, and how much it
 * deletes at most, as the target found when it looked at its files.
 */
export type RsyncDelta = z.output<typeof DeltaSchema>;

const WithDeltaSchema = z.object({ rsync: DeltaSchema.exactOptional() });

/** @throws TidemarkError `InvalidSpec` */
export const readDelta = ({ told }: Opened): RsyncDelta | undefined =>
  readTold(WithDeltaSchema, told, 'target').rsync;

/** A transfer by rsync, with all that both sides have told. */
export interface RsyncTransfer extends Omit<TransferRequest, 'opened' | 'told'> {
  landing: Landing;
  found: RsyncFound;
  resolved: Record<string, string>;
}

/** The mover without what rsync at the other end does not take. */
export function withRefused(mover: MoverSpec, { refused = [] }: RsyncFound): MoverSpec {
  if (refused.length === 0) return mover;
  const options = rsyncOptions(mover);
  const extraOptions = [...new Set([...options.extraOptions, ...refused])];
  return { ...mover, rsync: { ...options, extraOptions } };
}

/** @throws TidemarkError `InvalidSpec` */
export function readOpened(opened: Opened): Pick<RsyncTransfer, 'landing' | 'found'> {
  return { landing: landingOf(opened), found: readTold(FoundSchema, opened.told, 'target') };
}
