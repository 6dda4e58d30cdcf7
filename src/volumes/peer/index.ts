/** Peers, where no agent of ours is: folders behind somebody else's sshd, to which rsync pushes; and whoever pushes to us by rsync. */
import { parseClaimDoor, parseDoor } from '../../model/doors';
import type { Volume } from '../../model/records';
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeStoreDriver } from '../shared/store-driver';
import { check, claim, disclaim, inspect, isChanged, keeps, points } from './claims';
import { Doors } from './door/doors';
import { makeDoorDriver } from './door/driver';
import { beginPush, takeBackPush, markVerified, publish } from './points';
import { claimDoorDriver } from './push/driver';
import { PushMover } from './push/mover';
import { reach, scratch } from './reach';

const accountDriver: VolumeDriver = {
  ...makeStoreDriver('peer', 'a peer is no volume that a service could use from here'),
  kind: 'peer',
  inspect,
  check,
  claim,
  disclaim,
  keeps,
  make: beginPush,
  unmake: takeBackPush,
  isChanged,
  reach,
  leave: (host, volume, use) => scratch.leave({ host, volume }, use),
  points,
  publish,
  markVerified,
};

/** Of three sorts, which their names tell apart: an account that is pushed to, and a door to which others push, to a folder or into a claim. */
function chooseDriver(account: VolumeDriver, door: VolumeDriver): VolumeDriver {
  const of = ({ path }: Volume) => {
    if (parseClaimDoor(path)) return claimDoorDriver;
    return parseDoor(path) ? door : account;
  };
  return {
    kind: 'peer',
    inspect: (host, volume, ...more) => of(volume).inspect(host, volume, ...more),
    check: (host, volume, ...more) => of(volume).check(host, volume, ...more),
    claim: (host, volume, ...more) => of(volume).claim(host, volume, ...more),
    disclaim: (host, volume, ...more) => of(volume).disclaim(host, volume, ...more),
    diskUse: (host, volume) => of(volume).diskUse(host, volume),
    size: (host, volume) => of(volume).size(host, volume),
    keeps: async (host, volume) => await of(volume).keeps?.(host, volume),
    make: async (host, volume, ...more) => await of(volume).make?.(host, volume, ...more),
    unmake: async (host, volume) => await of(volume).unmake?.(host, volume),
    capture: (host, volume, request) => of(volume).capture(host, volume, request),
    states: (host, volume, relationship) => of(volume).states(host, volume, relationship),
    isChanged: (host, volume, relationship) => of(volume).isChanged(host, volume, relationship),
    release: (host, volume, request) => of(volume).release(host, volume, request),
    reach: (host, volume, ...more) => of(volume).reach(host, volume, ...more),
    leave: async (host, volume, use) => await of(volume).leave?.(host, volume, use),
    points: (host, volume, relationship) => of(volume).points(host, volume, relationship),
    publish: (host, volume, request) => of(volume).publish(host, volume, request),
    markVerified: (host, volume, ...more) => of(volume).markVerified(host, volume, ...more),
    clone: (host, volume, request) => of(volume).clone(host, volume, request),
    removeClones: (host, volume, request) => of(volume).removeClones(host, volume, request),
    prune: (host, volume, request) => of(volume).prune(host, volume, request),
    promote: (host, volume, wanted) => of(volume).promote(host, volume, wanted),
    demote: (host, volume, wanted) => of(volume).demote(host, volume, wanted),
    rollback: (host, volume, request) => of(volume).rollback(host, volume, request),
  };
}

export const peer: KindImplementation = (agent) => {
  const doors = new Doors(agent);
  return {
    driver: chooseDriver(accountDriver, makeDoorDriver(doors)),
    mover: new PushMover(),
    async start(news) {
      await scratch.sweep(agent);
      await doors.start(news);
    },
    stop: () => doors.stop(),
  };
};
