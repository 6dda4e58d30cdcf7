import { makeBtrfsStorage } from '../support/btrfs-storage';
import { testStreamMover } from './stream-mover-suite';

testStreamMover('btrfs send', makeBtrfsStorage);
