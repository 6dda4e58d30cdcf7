/** What every kind of volume refuses, in this order; how it says so is its own. */
import type { TidemarkError } from '../../model/errors';
import type { Claim } from '../../model/records';
import { isRemembered } from './memory';
import { findObjection, NO_CLAIMS, type State } from './state';
import { makeError, type Subject } from './tools';

export interface CheckOptions {
  approved?: boolean;
  promotes?: boolean;
}

interface Found {
  exists: boolean;
  /** The claims that are kept with it. */
  state: State | undefined;
  /** What else can be chosen: `directory`. */
  noun: string;
  /** The claim was stored here once, and is gone: this is another volume, or none. */
  makeLost: () => TidemarkError;
  makeMissing: () => TidemarkError;
}

/** @throws TidemarkError what `found` makes where the volume is lost or missing, `Fenced` */
export async function checkClaim(
  subject: Subject,
  claim: Claim,
  { approved = false, promotes = false }: CheckOptions,
  { exists, state, noun, makeLost, makeMissing }: Found,
): Promise<void> {
  const stored = state?.claims[claim.relationship];
  if (!stored && !approved && (await isRemembered(subject, claim.relationship))) throw makeLost();
  if (!exists && claim.role === 'source') throw makeMissing();
  const objection = findObjection(state ?? NO_CLAIMS, claim, promotes);
  if (objection === undefined) return;
  const hint = `see what uses it: tidemark get; then choose another ${noun}, or delete the relationship in the way`;
  throw makeError(subject, 'Fenced', objection, { hint });
}
