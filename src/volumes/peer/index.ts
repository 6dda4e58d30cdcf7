/** Peers: folders behind somebody else's sshd, to which rsync pushes. No agent of ours is there. */
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeStoreDriver } from '../shared/store-driver';
import { check, claim, disclaim, inspect, isChanged, keeps, points } from './claims';
import { beginPush, markVerified, publish } from './points';
import { reach, scratch } from './reach';

const peerDriver: VolumeDriver = {
  ...makeStoreDriver('peer', 'a peer is no volume that a service could use from here'),
  kind: 'peer',
  inspect,
  check,
  claim,
  disclaim,
  keeps,
  make: beginPush,
  isChanged,
  reach,
  leave: (host, _volume, use) => scratch.leave(host, use),
  points,
  publish,
  markVerified,
};

export const peer: KindImplementation = (agent) => ({
  driver: peerDriver,
  start: () => scratch.sweep(agent),
});
