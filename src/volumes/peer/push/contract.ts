/** What a door into a claim does, however whoever pushes comes. */
import type { Runner } from '../../../hosts/contract';
import type { Progress } from '../../../model/records';
import type { DoorNote } from '../door/notes';
import type { Whole } from './pod-door';

export interface DoorRequest {
  /** Of the pod. */
  runner: Runner;
  /** Where the claim is in it. */
  volume: string;
  /** The Secret, and where it is. */
  credentials: string;
  namespace: string;
  signal?: DoorNote['signal'];
  /** Where it listens; by default where the Service leads. */
  address?: string;
  port?: number;
}

export interface OpenedDoor {
  /** As {@link PodDoor.awaitWhole}. */
  awaitWhole(
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
    onWhole: (whole: Whole) => Promise<void>,
  ): Promise<Whole>;
  /** On the line, in both directions. */
  countBytes(): Promise<number>;
  /** Nobody comes in any more, and what is pushed ends. */
  close(): Promise<void>;
}
