/** Block devices and image files. */
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeReach } from '../shared/make-reach';
import { capture, release } from './capture';
import { claim, disclaim } from './claims';
import { clone, removeClones } from './clones';
import { check } from './guards';
import { diskUse, inspect, size } from './inspect';
import { markVerified, pointPath, points, prune } from './points';
import { publish, rollback, wasWritten } from './publish';
import { demote, promote } from './switch';

export const blockDriver: VolumeDriver = {
  kind: 'block',
  inspect,
  check,
  claim,
  disclaim,
  capture,
  release,
  // Its newest state is what is there: rsync finds which blocks differ.
  states: () => Promise.resolve([]),
  isChanged: () => Promise.resolve(false),
  diskUse,
  size,
  points,
  reach: makeReach(pointPath),
  publish,
  markVerified,
  wasWritten,
  rollback,
  promote,
  demote,
  clone,
  removeClones,
  prune,
};

export const block: KindImplementation = () => ({ driver: blockDriver });
