import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';
import { locateFolder } from './location';

/** A directory of any filesystem. */
export const directory = {
  endpoint: ({ absolutePath }: SpecValues) =>
    absolutePath.describe('The volume: an absolute path of a directory on that host.'),
  movers: ['rsync'],
  locate: locateFolder,
  isFolder: true,
  files: 'at-id',
  isWrittenInPlace: true,
  hasTrees: true,
} as const satisfies KindDeclaration;
