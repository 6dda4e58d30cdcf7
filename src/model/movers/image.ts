/** Container images: those that the target lacks, by digest. */
import type { output } from 'zod';
import type { SpecValues } from '../spec-values';
import type { MoverDeclaration } from './contract';

export const image = {
  schema: ({ z, pattern }: SpecValues) =>
    z
      .strictObject({
        names: z
          .array(pattern)
          .default([])
          .describe(
            'Patterns of the images to copy, as `registry/team/*:v1*`. Left out, and without `used`: all.',
          ),
        used: z.boolean().default(false).describe('The images that containers use, running or not.'),
      })
      .describe('Container images: those that the target lacks, by digest.'),
  base: 'set',
  topology: 'pair',
} as const satisfies MoverDeclaration;

export type ImageSpec = output<ReturnType<typeof image.schema>>;
