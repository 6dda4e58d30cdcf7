/** Container images: the names that a store of Podman, Docker or containerd has, by digest. */
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeReach } from '../shared/make-reach';
import { capture, release } from './capture';
import { check, claim, demote, disclaim, promote } from './claims';
import { diskUse, inspect, size } from './inspect';
import { listContent } from './list-content';
import { findPlace } from './place';
import { clone, markVerified, pointPath, points, prune, removeClones, rollback } from './points';
import { publish } from './publish';
import { isChanged } from './replica';
import { imageMover } from './send';

export const imageDriver: VolumeDriver = {
  kind: 'image',
  inspect,
  check,
  claim,
  disclaim,
  capture,
  states: async () => [],
  isChanged: async (host, volume, relationship) => isChanged(await findPlace(host, volume), relationship),
  diskUse,
  size,
  release,
  points,
  listContent,
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

export const image: KindImplementation = () => ({ driver: imageDriver, mover: imageMover });
