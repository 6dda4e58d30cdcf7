import { makeBtrfsStorage } from '../support/btrfs-storage';
import { makeLocalHosts } from '../support/mover-rig';
import { testStreamMover } from './stream-mover-suite';

// What kills do to it: see `btrfs-killed.test.ts`.
testStreamMover('btrfs send', makeBtrfsStorage, makeLocalHosts, { isKilled: false });
