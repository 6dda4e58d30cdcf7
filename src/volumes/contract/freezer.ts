/** States of a volume: frozen, found again, reached, and let go of. */
import type { Capture } from '../../model/capture';
import type { CaptureMethod, HeldState, Progress, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { MoverSpec } from '../../model/spec';
import type { Reach } from '../../movers/reach';
import type { TransferId } from '../../movers/contract';

/** What of a volume is to be reached. */
export type State =
  /** `orFrozen`: to read it, for which a copy of this moment will do where the volume itself can't be had. */
  | { of: 'live'; orFrozen?: true }
  | { of: 'capture'; capture: Capture }
  /** `toCompare`: where its files are compared by what is there, they need not be brought here. */
  | { of: 'point'; relationship: string; pointId: string; toCompare?: true };

/** What is asked of `capture`. */
export interface CaptureRequest {
  relationship: string;
  syncId: string;
  method: CaptureMethod;
  /** Whose options may say what of the volume is frozen: the datasets below it, some of the images. */
  mover?: MoverSpec;
  signal?: AbortSignal;
  /** Of kinds that fetch what they freeze. */
  onProgress?: (progress: Progress) => void;
}

export interface Freezer {
  /** Freezes the source. A second call with one sync id answers the same capture. @throws UnsupportedCapture */
  capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture>;

  /**
   * The frozen states that an incremental transfer may start from, oldest first: this relationship's, and
   * whatever users and other tools made. None for kinds without identities.
   */
  states(host: Host, volume: Volume, relationship: string): Promise<HeldState[]>;

  /**
   * The live replica differs from its newest state: somebody changed it, or a transfer from whatever host was cut off.
   * Always false for kinds that have no identities, nor anything else that tells.
   */
  isChanged(host: Host, volume: Volume, relationship: string): Promise<boolean>;

  /** Removes every capture of the relationship but those of the sync ids to keep; a base in use is kept by its id. */
  release(
    host: Host,
    volume: Volume,
    request: { relationship: string; keepSyncIds: readonly string[] },
  ): Promise<void>;

  /**
   * A way to a state, open until it is let go of: to read a capture or a point, or to write to the live replica. Makes the
   * state readable where that takes a mount, and brings up what reaches it where the agent's own host does not. A second
   * call for the same state and use takes the place of the first: its agent was killed. A transfer may have two states of
   * one volume open: a primary is compared with a recovery point of its own.
   * @throws PointMissing where there is no such point; VolumeMissing where a capture is gone
   */
  reach(host: Host, volume: Volume, state: State, use: TransferId): Promise<Reach>;

  /**
   * Ends what ways to this volume were left open, where the agent that opened them was killed. Nothing there is not an
   * error. Left out by kinds of which nothing is open.
   * @param use without `syncId`, whichever sync it was for
   */
  leave?(host: Host, volume: Volume, use: Omit<TransferId, 'syncId'> & { syncId?: string }): Promise<void>;
}
