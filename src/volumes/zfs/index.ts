/** ZFS datasets, alone or with all that lie below them. */
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeReach } from '../shared/make-reach';
import { capture, isChanged, release, states } from './capture';
import { check, claim, disclaim } from './claims';
import { clone, pointPath, removeClones } from './clones';
import { diskUse, inspect, size } from './inspect';
import { markVerified, points } from './points';
import { prune } from './prune';
import { publish } from './publish';
import { quota } from './quota';
import { rollback } from './rollback';
import { demote, promote } from './switch';
import { zfsMover } from './send';

export const zfsDriver: VolumeDriver = {
  kind: 'zfs',
  inspect,
  check,
  claim,
  disclaim,
  capture,
  states,
  isChanged,
  diskUse,
  quota,
  size,
  release,
  points,
  reach: makeReach(pointPath),
  publish,
  markVerified,
  rollback,
  promote,
  demote,
  clone,
  removeClones,
  prune,
};

export const zfs: KindImplementation = () => ({ driver: zfsDriver, mover: zfsMover });
