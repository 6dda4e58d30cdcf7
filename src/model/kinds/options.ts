import type { SpecValues } from '../spec-values';
import type { OptionDeclarations } from './contract';

/** Keys that every endpoint has, whatever kind its volume is of. They may have defaults. */
export const COMMON_OPTIONS = {
  mustBeMounted: ({ z }: SpecValues) =>
    z
      .boolean()
      .default(false)
      .describe(
        'Refuse to work unless the directory is, or lies on, a mounted filesystem other than the root.',
      ),
} as const satisfies OptionDeclarations;
