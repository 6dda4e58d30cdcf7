import type { LeftOut } from './left-out';
import type { CaptureMethod, Instant } from './records';

/** What is read: a frozen state of the source, the live volume, or a recovery point that is restored. */
export interface Capture {
  syncId: string;
  method: CaptureMethod;
  /** What its driver finds it by; a path or what the kind's tool calls it. Nobody else asks: see `VolumeDriver.reach`. */
  path: string;
  /** Of a recovery point. */
  pointId?: string;
  /** Of kinds whose storage names states by identity (see `HeldState`). */
  identity?: string;
  /** True where `path` is the live volume and there is nothing to release. */
  live: boolean;
  /** Where it was frozen long before, by somebody else: when. */
  capturedAt?: Instant;
  /** What of the live volume the frozen state does not hold. */
  leftOut?: LeftOut[];
}
