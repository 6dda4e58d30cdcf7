import { locateFolder } from './location';
import { LAYOUT, PAST_STATE, REACHED_BY } from './options';
import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';

/** A repository of restic: in an object store, behind its REST server, over SFTP, or in a folder. */
export const repository = {
  endpoint: ({ repository: url }: SpecValues) =>
    url.describe(
      'The volume, of a target: a repository of restic as restic calls it, `s3:https://s3.example.net/wiki`, `rest:https://…`, `sftp:…`, `rclone:REMOTE:PATH`, or an absolute path. It has no host of its own: the source writes to it.',
    ),
  options: {
    ...REACHED_BY,
    ...PAST_STATE,
    ...LAYOUT,
    snapshotsOf: ({ pattern }: SpecValues) =>
      pattern
        .optional()
        .describe(
          'Of a source, where the repository has snapshots of several: whose are read, by the name of a relationship of Tidemark, or by their host as `restic snapshots` shows it.',
        ),
    resticExclude: ({ z, pattern }: SpecValues) =>
      z
        .array(pattern)
        .optional()
        .describe(
          'Patterns of what is left out, as restic has them, from the root of the source with a slash before them, anywhere in it without: `/cache`, `*.tmp`.',
        ),
    pruneEvery: ({ duration }: SpecValues) =>
      duration
        .optional()
        .describe(
          'How often the data of points that are no longer kept is removed, after a sync; by default `7d`.',
        ),
    checkEvery: ({ duration }: SpecValues) =>
      duration
        .optional()
        .describe(
          'How often a part of the repository is read back and checked, after a sync. By default not at all, or every `7d` where `checkShare` is stated.',
        ),
    checkShare: ({ percentage }: SpecValues) =>
      percentage
        .optional()
        .describe(
          'How much of it each time: in so many times, all is read back. By default `5%`, which is the next of 20 parts.',
        ),
  },
  movers: ['rsync'],
  writtenBy: 'restic',
  locate: locateFolder,
  isFolder: false,
  files: 'known-to-tool',
  isWrittenInPlace: false,
  hasTrees: true,
  onlyMethod: 'Snapshot',
  isReadFrozen: true,
  isAtSource: true,
  findsOthers: true,
  takesClaims: true,
  notInClusters: {
    '/': 'is a folder of a machine, and a claim has none',
    'sftp:': 'is reached by the ssh of a machine, with its keys: a pod has none',
  },
  canBeSource: true,
  sourceOptions: [...Object.keys(PAST_STATE), 'snapshotsOf'],
} as const satisfies KindDeclaration;
