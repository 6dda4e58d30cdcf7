/** Directories, on any filesystem; more can be done with them on btrfs and XFS. */
import type { VolumeDriver } from '../contract';
import { capture, release } from './capture';
import { claim, disclaim } from './claims';
import { clone, removeClones } from './clones';
import { check } from './guards';
import { inspect } from './inspect';
import { markVerified, pointPath, points } from './points';
import { prune } from './prune';
import { publish } from './publish';
import { rollback } from './rollback';
import { demote, promote } from './switch';

export const directoryDriver: VolumeDriver = {
  kind: 'directory',
  inspect,
  check,
  claim,
  disclaim,
  capture,
  release,
  landingPath: ({ path }) => path,
  points,
  pointPath,
  publish,
  markVerified,
  rollback,
  promote,
  demote,
  clone,
  removeClones,
  prune,
};
