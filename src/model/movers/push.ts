import type { SpecValues } from '../spec-values';
import type { MoverDeclaration } from './contract';

export const push = {
  schema: ({ z }: SpecValues) =>
    z
      .strictObject({})
      .describe(
        'Nothing is carried by us: somebody else pushes into the claim. Of a source that is a door into a claim.',
      ),
  base: 'none',
  topology: 'pair',
} as const satisfies MoverDeclaration;
