/** Buckets of object stores, by rclone: files at their own names, and what each of them is in a manifest for each state. */
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeStoreDriver } from '../shared/store-driver';
import { check, claim, disclaim, inspect, points } from './claims';
import { markVerified, prune, publish } from './points';
import { capture, reach, scratch } from './reach';
import { rcloneMover } from './send';

const bucketDriver: VolumeDriver = {
  ...makeStoreDriver('bucket', 'a bucket is no volume that a service could use'),
  kind: 'bucket',
  inspect,
  check,
  claim,
  disclaim,
  capture,
  reach,
  leave: (host, _volume, use) => scratch.leave(host, use),
  points,
  publish,
  markVerified,
  prune,
};

export const bucket: KindImplementation = (agent) => ({
  driver: bucketDriver,
  mover: rcloneMover,
  start: () => scratch.sweep(agent),
});
