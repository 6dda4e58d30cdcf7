import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';
import { locateFolder } from './location';

/** A btrfs subvolume. */
export const btrfs = {
  endpoint: ({ absolutePath }: SpecValues) =>
    absolutePath.describe(
      'The volume: the absolute path of a btrfs subvolume on that host, sent as btrfs sends it.',
    ),
  movers: ['btrfs'],
  locate: locateFolder,
  isFolder: true,
  files: 'at-id',
  isWrittenInPlace: false,
  onlyMethod: 'Snapshot',
  hasTrees: true,
} as const satisfies KindDeclaration;
