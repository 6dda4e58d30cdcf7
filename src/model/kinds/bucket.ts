import { locateFolder } from './location';
import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';
import { LAYOUT, PAST_STATE, REACHED_BY } from './options';

/** A bucket of an object store, or whatever else rclone reaches: files at their own names, and what each is in a manifest. */
export const bucket = {
  endpoint: ({ bucket: remote }: SpecValues) =>
    remote.describe(
      'The volume: a folder that rclone reaches, as it calls it, `s3:company-data/wiki`, or an absolute path. As a target it has no host of its own: the source writes to it. As a source it is read by its host.',
    ),
  options: {
    ...REACHED_BY,
    ...PAST_STATE,
    keepReplaced: ({ duration }: SpecValues) =>
      duration
        .optional()
        .describe(
          'How long at the least what a later state replaced is kept for those who still read the earlier one; by default `1d`.',
        ),
    ...LAYOUT,
  },
  movers: ['rsync'],
  writtenBy: 'rclone',
  locate: locateFolder,
  isFolder: false,
  files: 'known-to-tool',
  isWrittenInPlace: false,
  onlyMethod: 'Snapshot',
  isReadFrozen: true,
  hasTrees: true,
  isAtSource: true,
  takesClaims: true,
  notInClusters: { '/': 'is a folder of a machine, and a claim has none' },
  canBeSource: true,
  sourceOptions: Object.keys(PAST_STATE),
} as const satisfies KindDeclaration;
