/** Changes of the primary. */
import type { Claim, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';

/** What became of an old primary. */
export interface Demoted {
  readOnly: boolean;
  /** Where its users can still write to it. */
  whyNot?: string;
  /** The volume is no more: nobody can write to it, and nothing of it is left to be kept. */
  isGone?: true;
}

export interface Switch {
  /**
   * Before a relocation: ends what writes to the volume, where the spec names that and the kind knows how. Idempotent.
   * Undone by `unquiesce`, or by `promote`. Left out by kinds that don't.
   */
  quiesce?(host: Host, volume: Volume, signal?: AbortSignal): Promise<void>;
  unquiesce?(host: Host, volume: Volume): Promise<void>;

  /**
   * The volume becomes the primary of `claim.epoch` (role `source`): stores the claim, and lets its users
   * write again where `demote` had stopped them. Idempotent. @throws Fenced, VolumeMissing, NotMounted
   */
  promote(host: Host, volume: Volume, claim: Claim): Promise<void>;

  /**
   * The volume gives up being the primary (role `target`, a later epoch): stores the claim, and makes the
   * volume read-only to its users where its storage can; `claim` as a target ends that. Idempotent.
   * Where it is known for sure that the volume is no more, and not only away, it is as good as demoted.
   * @throws Fenced, VolumeMissing, NotMounted
   */
  demote(host: Host, volume: Volume, claim: Claim): Promise<Demoted>;

  /**
   * Makes the live replica equal to a recovery point, with all metadata; the point is only read. Cut off
   * in the middle, it leaves every point as it was. Of a `Direct` point the replica is all there is.
   */
  rollback(
    host: Host,
    volume: Volume,
    request: { relationship: string; pointId: string; signal?: AbortSignal },
  ): Promise<void>;
}
