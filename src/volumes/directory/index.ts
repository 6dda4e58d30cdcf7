/** Directories, on any filesystem; more can be done with them on btrfs and XFS. */
import { quota } from '../btrfs/quota';
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeReach } from '../shared/make-reach';
import { capture, release } from './capture';
import { claim, disclaim } from './claims';
import { clone, removeClones } from './clones';
import { check } from './guards';
import { inspect } from './inspect';
import { keeps } from './keeps';
import { markVerified } from './mark-verified';
import { pointPath, points } from './points';
import { prune } from './prune';
import { publish } from './publish';
import { rollback } from './rollback';
import { diskUse, size } from './size';
import { demote, promote } from './switch';
import { listWritten, wasWritten } from './written';

/** What every volume that is a folder can do in the same way. */
export const folderDriver: VolumeDriver = {
  kind: 'directory',
  inspect,
  check,
  claim,
  disclaim,
  capture,
  release,
  // Its newest state is the tree itself: rsync finds what differs.
  states: () => Promise.resolve([]),
  isChanged: () => Promise.resolve(false),
  diskUse,
  size,
  // Other filesystems tell nothing of theirs without tools of their own.
  quota,
  keeps,
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

/** A transfer that compares sizes and times would not see what others wrote to the replica. */
export const directoryDriver: VolumeDriver = { ...folderDriver, listWritten, wasWritten };

export const directory: KindImplementation = () => ({ driver: directoryDriver });
