/** restic: a backup in a repository, encrypted, of which each state holds only what is new. */
import type { SpecValues } from '../spec-values';
import type { MoverDeclaration } from './contract';

export const restic = {
  schema: ({ z }: SpecValues) =>
    z
      .strictObject({})
      .describe(
        'Backups by restic: what a target of kind `repository` is sent by, whatever else is named here.',
      ),
  base: 'none',
  topology: 'pair',
} as const satisfies MoverDeclaration;
