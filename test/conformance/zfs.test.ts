import { makeZfsStorage } from '../support/zfs-storage';
import { describeSnapshotVolume } from './snapshot-volume-suite';

describeSnapshotVolume('a ZFS dataset', makeZfsStorage);
