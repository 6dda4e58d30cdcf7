/** Peers: folders behind somebody else's sshd, to which rsync pushes. No agent of ours is there. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeError } from '../shared/tools';
import { check, claim, disclaim, inspect, isChanged, keeps, points } from './claims';
import { beginPush, markVerified, publish } from './points';
import { leave, reach, sweepFetched } from './reach';

/** What a peer is not: a volume that a service of ours could run on. */
const refuse = (host: Host, volume: Volume): Promise<never> =>
  Promise.reject(
    makeError(
      { host, volume },
      'UnsupportedCapture',
      'a peer is no volume that a service could use from here',
      {
        hint: 'restore its point to a host, and go on there: tidemark restore NAME --target peer --point latest --to HOST:/path',
      },
    ),
  );

const peerDriver: VolumeDriver = {
  kind: 'peer',
  inspect,
  check,
  claim,
  disclaim,
  keeps,
  make: beginPush,
  diskUse: () => Promise.resolve({ diskBytes: 0, hasHardLinks: false }),
  size: () => Promise.resolve({ fileBytes: 0, entries: 0 }),
  capture: refuse,
  states: () => Promise.resolve([]),
  isChanged,
  release: () => Promise.resolve(),
  reach,
  leave: (host, _volume, use) => leave(host, use),
  points,
  publish,
  markVerified,
  clone: refuse,
  removeClones: () => Promise.resolve(),
  prune: () => Promise.resolve(),
  promote: refuse,
  demote: refuse,
  rollback: refuse,
};

export const peer: KindImplementation = (agent) => ({
  driver: peerDriver,
  start: () => sweepFetched(agent),
});
