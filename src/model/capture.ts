import type { LeftOut } from './left-out';
import type { CaptureMethod } from './records';

/** A frozen state of the source, or the live volume. */
export interface Capture {
  syncId: string;
  method: CaptureMethod;
  /** Where the mover reads; for kinds that are no tree, what their tool calls the frozen state. */
  path: string;
  /** Of kinds whose storage names states by identity (see `HeldState`). */
  identity?: string;
  /** True where `path` is the live volume and there is nothing to release. */
  live: boolean;
  /** What of the live volume the frozen state does not hold. */
  leftOut?: LeftOut[];
}
