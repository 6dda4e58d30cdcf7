/** Buckets of object stores, by rclone: files at their own names, and what each of them is in a manifest for each state. */
import type { Volume } from '../../model/records';
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeStoreDriver } from '../shared/store-driver';
import { check, claim, disclaim, inspect, points } from './claims';
import { listContent } from './list-content';
import { markVerified, prune, publish } from './points';
import { capture, reach, scratch } from './reach';
import { rcloneMover } from './send';
import { volsyncLayout } from './volsync';

const common = makeStoreDriver('bucket', 'a bucket is no volume that a service could use');

/** What depends on how files lie in it. */
type Layout = Required<Pick<VolumeDriver, keyof typeof volsyncLayout>>;

const ownLayout: Layout = {
  ...{ inspect, check, claim, disclaim, capture, reach, isChanged: common.isChanged },
  ...{ points, listContent, publish, markVerified, prune },
  // It holds all that is sent to it.
  findOmitted: () => Promise.resolve({ paths: new Set<string>(), leftOut: [] }),
};

const layoutOf = ({ options }: Volume): Layout => (options?.layout === 'volsync' ? volsyncLayout : ownLayout);

const bucketDriver: VolumeDriver = {
  ...common,
  kind: 'bucket',
  inspect: (host, volume, ...rest) => layoutOf(volume).inspect(host, volume, ...rest),
  check: (host, volume, ...rest) => layoutOf(volume).check(host, volume, ...rest),
  claim: (host, volume, ...rest) => layoutOf(volume).claim(host, volume, ...rest),
  disclaim: (host, volume, ...rest) => layoutOf(volume).disclaim(host, volume, ...rest),
  capture: (host, volume, request) => layoutOf(volume).capture(host, volume, request),
  reach: (host, volume, state, use) => layoutOf(volume).reach(host, volume, state, use),
  isChanged: (host, volume, relationship) => layoutOf(volume).isChanged(host, volume, relationship),
  leave: (host, volume, use) => scratch.leave({ host, volume }, use),
  points: (host, volume, relationship) => layoutOf(volume).points(host, volume, relationship),
  listContent: (host, volume, ...rest) => layoutOf(volume).listContent(host, volume, ...rest),
  publish: (host, volume, request) => layoutOf(volume).publish(host, volume, request),
  markVerified: (host, volume, ...rest) => layoutOf(volume).markVerified(host, volume, ...rest),
  findOmitted: (host, volume, request) => layoutOf(volume).findOmitted(host, volume, request),
  prune: (host, volume, request) => layoutOf(volume).prune(host, volume, request),
};

export const bucket: KindImplementation = (agent) => ({
  driver: bucketDriver,
  mover: rcloneMover,
  start: () => scratch.sweep(agent),
});
