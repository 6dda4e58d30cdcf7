import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';
import { REACHED_BY } from './options';

/** A folder behind somebody else's sshd: no agent of ours is there, and nothing but rsync may run. */
export const peer = {
  endpoint: ({ peer: url }: SpecValues) =>
    url.describe(
      'The volume, of a target: a folder of an account of somebody else, `ssh://backup@nas.example.net:2222/volume1/wiki`; with `/~/` before it, below where that account begins. It has no host of its own: the source pushes to it by rsync.',
    ),
  options: {
    ...REACHED_BY,
    signal: ({ z }: SpecValues) =>
      z
        .enum(['volsync'])
        .optional()
        .describe(
          'What says to the other end that a push is whole: `volsync` runs the command `shutdown 0`, as a ReplicationDestination of VolSync waits for it.',
        ),
  },
  movers: ['rsync'],
  locate: () => undefined,
  isFolder: false,
  files: 'known-to-tool',
  isWrittenInPlace: true,
  hasTrees: true,
  isAtSource: true,
  leastMethod: 'Direct',
} as const satisfies KindDeclaration;
