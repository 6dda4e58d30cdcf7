/** Buckets whose files lie as VolSync's rclone mover has them. */
import type { VolumeDriver } from '../../contract';
import { check, claim, disclaim, inspect } from './claims';
import { isChanged, listContent, markVerified, points, prune, publish } from './points';
import { findOmitted, reach } from './reach';
import { capture } from './source';

export const volsyncLayout = {
  ...{ inspect, check, claim, disclaim, capture, reach, isChanged },
  ...{ points, listContent, publish, markVerified, findOmitted, prune },
} satisfies Partial<VolumeDriver>;
