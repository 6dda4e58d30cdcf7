/** zfs send: datasets, by what changed between two snapshots. */
import type { output } from 'zod';
import type { SpecValues } from '../spec-values';
import type { MoverDeclaration } from './contract';

export const zfs = {
  schema: ({ z }: SpecValues) =>
    z
      .strictObject({
        recursive: z.boolean().default(false).describe('With all datasets below it, as one state.'),
        properties: z
          .boolean()
          .default(false)
          .describe("Send the dataset's own properties too. Where it is mounted stays the target's matter."),
        intermediates: z
          .boolean()
          .default(false)
          .describe(
            'Carry the snapshots that users made between two syncs too. Left out, they stay at the source.',
          ),
        raw: z
          .enum(['auto', 'always', 'never'])
          .default('auto')
          .describe(
            'Send blocks as they lie encrypted on disk. `auto`: where the dataset is encrypted; the target then needs no key.',
          ),
      })
      .describe('ZFS datasets by `zfs send`.'),
  base: 'states',
  topology: 'pair',
} as const satisfies MoverDeclaration;

export type ZfsSpec = output<ReturnType<typeof zfs.schema>>;

/** As the schema fills them in. */
const DEFAULT_ZFS: ZfsSpec = { recursive: false, properties: false, intermediates: false, raw: 'auto' };

/** The options of this mover. */
export function zfsOptions(mover: { zfs?: ZfsSpec | undefined }): ZfsSpec {
  return mover.zfs ?? DEFAULT_ZFS;
}
