/** Options that several kinds have in common. */
import type { SpecValues } from '../spec-values';

export const mustBeMounted = ({ z }: SpecValues) =>
  z
    .boolean()
    .default(false)
    .describe(
      'Refuse to work unless the directory is, or lies on, a mounted filesystem other than the root.',
    );
