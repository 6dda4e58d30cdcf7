/** What a mover declares about itself. Nothing here does I/O, and workflow code reads it. */
import type { ZodType } from 'zod';
import type { SpecValues } from '../spec-values';

export interface MoverDeclaration {
  /** What its key of `spec.mover` takes; see `KindDeclaration.endpoint` for why the values are handed in. */
  schema: (values: SpecValues) => ZodType;
  /**
   * What tells it what to send: both sides, trees of files or devices, which it compares; frozen states that both sides hold, by identity; a
   * set of things that the target lacks; or nothing.
   */
  base: 'tree' | 'states' | 'set' | 'none';
  /** How the bytes go: from the source to each target; or once into a store, from which each reader fetches. */
  topology: 'pair' | 'hub';
}
