/** Directories, on any filesystem; more can be done with them on btrfs and XFS. */
import { measureTree } from '../../hosts/measure-tree';
import type { VolumeDriver } from '../contract';
import { capture, release } from './capture';
import { claim, disclaim } from './claims';
import { clone, removeClones } from './clones';
import { exposeWrites } from './expose';
import { check } from './guards';
import { inspect } from './inspect';
import { keeps } from './keeps';
import { markVerified, pointPath, points } from './points';
import { prune } from './prune';
import { publish } from './publish';
import { rollback } from './rollback';
import { size } from './size';
import { demote, promote } from './switch';

export const directoryDriver: VolumeDriver = {
  kind: 'directory',
  hasTrees: true,
  inspect,
  check,
  claim,
  disclaim,
  capture,
  release,
  // Its newest state is the tree itself: rsync finds what differs.
  states: () => Promise.resolve([]),
  isChanged: () => Promise.resolve(false),
  diskBytes: (host, { path }) => measureTree(host, path),
  size,
  keeps,
  exposeWrites,
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
