/** btrfs send: subvolumes, by what changed between two snapshots. */
import type { output } from 'zod';
import type { SpecValues } from '../spec-values';
import type { MoverDeclaration } from './contract';

export const btrfs = {
  schema: ({ z }: SpecValues) =>
    z
      .strictObject({
        nested: z.boolean().default(false).describe('With all subvolumes inside of it, as one state.'),
      })
      .describe('Btrfs subvolumes by `btrfs send`.'),
  base: 'states',
  topology: 'pair',
} as const satisfies MoverDeclaration;

export type BtrfsSpec = output<ReturnType<typeof btrfs.schema>>;
