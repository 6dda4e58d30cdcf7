/** Who owns a volume: `<meta>/state.json`, kept with the data. */
import { z } from 'zod';
import type { Claim } from '../../model/records';
import type { Inspection, Released } from '../contract';
import { readRecord } from './records';
import type { Subject } from './tools';

const ClaimSchema = z.object({
  relationship: z.string(),
  epoch: z.int(),
  role: z.enum(['source', 'target']),
  /** It was the primary until this epoch, and so can't become it again within it. */
  demoted: z.literal(true).exactOptional(),
  /** The volume was, or is about to be, made read-only for this relationship. */
  readOnly: z.literal(true).exactOptional(),
});

export type StoredClaim = z.output<typeof ClaimSchema>;

const StateSchema = z.object({
  version: z.literal(1),
  /** By relationship. */
  claims: z.record(z.string(), ClaimSchema),
  /** The last target that was released, until somebody claims the volume again. */
  released: z
    .object({ relationship: z.string(), epoch: z.int(), copyOf: z.string() })
    .exactOptional() satisfies z.ZodType<Released | undefined>,
});

export type State = z.output<typeof StateSchema>;

export const NO_CLAIMS: State = { version: 1, claims: {} };

/** @throws where the text is no state. */
export function parseState(text: string): State {
  return StateSchema.parse(JSON.parse(text));
}

/** Undefined where there is no such file. @throws TidemarkError `ToolFailed` where it makes no sense. */
export async function readState(subject: Subject, path: string): Promise<State | undefined> {
  const hint = 'restore it from a backup, or move it away and approve the volume anew';
  return await readRecord(subject, path, StateSchema, hint);
}

/**
 * Undefined where a claim may be stored; otherwise the reason against it.
 * @param promotes its target becomes the primary of the epoch: the only way from one role to the other within it
 */
export function findObjection({ claims }: State, claim: Claim, promotes = false): string | undefined {
  const own = claims[claim.relationship];
  if (own && claim.epoch < own.epoch) {
    return `epoch ${claim.epoch} of ${claim.relationship} is over: the volume is in epoch ${own.epoch}`;
  }
  const isPromoted = promotes && claim.role === 'source' && !own?.demoted;
  if (own && claim.epoch === own.epoch && claim.role !== own.role && !isPromoted) {
    return `the volume is already the ${own.role} of ${claim.relationship}: where that has failed over, name its present primary as the source (tidemark get ${claim.relationship})`;
  }
  const others = Object.values(claims).filter(({ relationship }) => relationship !== claim.relationship);
  // A copy may be copied on: a target that becomes a source too. The other way round, a relationship
  // would overwrite what another one protects.
  if (claim.role === 'source') return undefined;
  const other = others.find(({ role }) => role === 'target') ?? (own ? undefined : others[0]);
  return other && `the volume is already the ${other.role} of ${other.relationship}`;
}

/** The claims with this one, in place of the relationship's former one. No copy is to be resumed then. */
export function withClaim(state: State | undefined, claim: StoredClaim): State {
  return { ...NO_CLAIMS, claims: { ...state?.claims, [claim.relationship]: claim } };
}

/**
 * The claims without a relationship's own.
 * @param copyOf what a target was a copy of: noted, so that the relationship may resume it later. An old primary
 *   that was demoted is no copy.
 */
export function withoutClaim(state: State, relationship: string, copyOf?: string): State {
  const { [relationship]: removed, ...claims } = state.claims;
  const wasCopy = removed?.role === 'target' && !removed.demoted && copyOf !== undefined;
  return { ...state, claims, ...(wasCopy && { released: { relationship, epoch: removed.epoch, copyOf } }) };
}

/**
 * What is to be stored where a volume that may have been read-only is claimed, and no longer is; undefined
 * where nothing changes. A demotion is known as long as its epoch lasts.
 */
export function renewClaim(stored: StoredClaim | undefined, wanted: Claim): StoredClaim | undefined {
  if (!isSameClaim(stored, wanted)) return wanted;
  if (!stored?.readOnly) return undefined;
  return { ...wanted, ...(stored.demoted && { demoted: true }) };
}

/** What a volume is shown with: a target's claim before others, without what only the volume is to know. */
export function showClaims(state: State | undefined): Pick<Inspection, 'claim' | 'released'> {
  const claims = Object.values(state?.claims ?? {});
  const main = claims.find(({ role }) => role === 'target') ?? claims[0];
  return {
    ...(main && { claim: { relationship: main.relationship, epoch: main.epoch, role: main.role } }),
    ...(state?.released && { released: state.released }),
  };
}

function isSameClaim(one: Claim | undefined, other: Claim): boolean {
  return one?.epoch === other.epoch && one.role === other.role && one.relationship === other.relationship;
}
