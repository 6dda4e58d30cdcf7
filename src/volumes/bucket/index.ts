/** Buckets of object stores, by rclone: files at their own names, and what each of them is in a manifest for each state. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeError } from '../shared/tools';
import { check, claim, disclaim, inspect, points } from './claims';
import { markVerified, prune, publish } from './points';
import { capture, leave, reach, sweepRead } from './reach';
import { rcloneMover } from './send';

/** What a bucket is not: a volume that a service could run on. */
const refuse = (host: Host, volume: Volume): Promise<never> =>
  Promise.reject(
    makeError({ host, volume }, 'UnsupportedCapture', 'a bucket is no volume that a service could use', {
      hint: 'restore a point of it to a host, and go on there: tidemark restore NAME --target bucket --point latest --to HOST:/path',
    }),
  );

const bucketDriver: VolumeDriver = {
  kind: 'bucket',
  inspect,
  check,
  claim,
  disclaim,
  diskUse: () => Promise.resolve({ diskBytes: 0, hasHardLinks: false }),
  size: () => Promise.resolve({ fileBytes: 0, entries: 0 }),
  capture,
  states: () => Promise.resolve([]),
  isChanged: () => Promise.resolve(false),
  // What was fetched stays: the next time only what is new has to be.
  release: () => Promise.resolve(),
  reach,
  leave: (host, _volume, use) => leave(host, use),
  points,
  publish,
  markVerified,
  clone: refuse,
  removeClones: () => Promise.resolve(),
  prune,
  promote: refuse,
  demote: refuse,
  rollback: refuse,
};

export const bucket: KindImplementation = (agent) => ({
  driver: bucketDriver,
  mover: rcloneMover,
  start: () => sweepRead(agent),
});
