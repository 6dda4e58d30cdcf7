/** Btrfs subvolumes: frozen, sent and put in place by btrfs itself. What is no different is a directory's. */
import type { KindImplementation, VolumeDriver } from '../contract';
import { folderDriver } from '../directory';
import { capture, release } from './capture';
import { isChanged } from './changes';
import { check, inspect } from './inspect';
import { prune } from './prune';
import { publish } from './publish';
import { rollback } from './rollback';
import { states } from './states';
import { claim, demote, disclaim, promote } from './switch';
import { btrfsMover } from './send';

export const btrfsDriver: VolumeDriver = {
  ...folderDriver,
  kind: 'btrfs',
  inspect,
  check,
  claim,
  disclaim,
  capture,
  release,
  states,
  isChanged,
  publish,
  rollback,
  promote,
  demote,
  prune,
};

export const btrfs: KindImplementation = () => ({ driver: btrfsDriver, mover: btrfsMover });
