/** Block devices and image files: only blocks that differ, in place. */
import type { output } from 'zod';
import type { SpecValues } from '../spec-values';
import type { MoverDeclaration } from './contract';

export const block = {
  schema: ({ z, size }: SpecValues) =>
    z
      .strictObject({
        bandwidthLimit: size.optional().describe('At most so much per second.'),
        compress: z
          .enum(['zstd', 'lz4', 'none'])
          .default('zstd')
          .describe('How blocks are compressed on their way. Blocks of zeros then take next to nothing.'),
      })
      .describe('Block devices and image files by rsync: only blocks that differ, in place.'),
  base: 'tree',
  topology: 'pair',
} as const satisfies MoverDeclaration;

export type BlockSpec = output<ReturnType<typeof block.schema>>;

/** As the schema fills them in. */
const DEFAULT_BLOCK: BlockSpec = { compress: 'zstd' };

/** The options of this mover. */
export function blockOptions(mover: { block?: BlockSpec | undefined }): BlockSpec {
  return mover.block ?? DEFAULT_BLOCK;
}
