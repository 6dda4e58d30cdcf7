import { parseDoor } from '../doors';
import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';
import { locateFolder } from './location';
import { REACHED_BY } from './options';

/**
 * Somebody else who knows rsync and SSH, and no agent of ours. As a target: a folder behind their sshd. As a source: a folder of
 * the source's host, to which they push by a door that its agent keeps open.
 */
export const peer = {
  endpoint: ({ peer: url }: SpecValues) =>
    url.describe(
      'The volume. Of a target: a folder of an account of somebody else, `ssh://backup@nas.example.net:2222/volume1/wiki`; with `/~/` before it, below where that account begins; or an rsyncTLS destination of VolSync, `rsync+tls://198.51.100.7:8000/data`. It has no host of its own: the source pushes to it by rsync. Of a source: an address and a port of its host, and a folder there, `ssh://192.0.2.1:2222/srv/incoming/wiki`, to which somebody else pushes by rsync; of a cluster, the name of a Service and its port, `ssh://shop-door:22` or `rsync+tls://shop-door:8000`, and what is pushed lands in the claim that is the target.',
    ),
  options: {
    ...REACHED_BY,
    signal: ({ z }: SpecValues) =>
      z
        .enum(['volsync'])
        .optional()
        .describe(
          'What says that a push is whole: `volsync` is the command `shutdown 0`, as a ReplicationDestination of VolSync waits for it, and a ReplicationSource sends it.',
        ),
    serviceType: ({ z }: SpecValues) =>
      z
        .enum(['ClusterIP', 'NodePort', 'LoadBalancer'])
        .optional()
        .describe(
          'Of a door into a claim: what its Service is; by default `ClusterIP`. One that a resource of the cluster owns stays as that has made it.',
        ),
    serviceAnnotations: ({ z }: SpecValues) =>
      z
        .record(z.string(), z.string())
        .optional()
        .describe('Of a door into a claim: annotations of its Service.'),
  },
  movers: ['rsync', 'push'],
  locate: (url) => {
    const door = parseDoor(url);
    return door && locateFolder(door.folder);
  },
  isFolder: false,
  files: 'known-to-tool',
  isWrittenInPlace: true,
  hasTrees: true,
  isAtSource: true,
  takesClaims: true,
  canBeSource: true,
  isReadFrozen: true,
  isFilledByOthers: true,
  targetOptions: ['bandwidthLimit'],
  leastMethod: 'Direct',
} as const satisfies KindDeclaration;
