import type { SpecValues } from '../spec-values';
import type { MoverDeclaration } from './contract';

export const rclone = {
  schema: ({ z }: SpecValues) =>
    z
      .strictObject({})
      .describe(
        'Files into buckets by rclone: what a target of kind `bucket` is sent by, whatever else is named here.',
      ),
  base: 'none',
  topology: 'hub',
} as const satisfies MoverDeclaration;
