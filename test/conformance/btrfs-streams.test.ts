import { makeBtrfsStorage } from '../support/storage/btrfs-storage';
import { testStreamMover } from './stream-mover-suite';

testStreamMover('btrfs send', makeBtrfsStorage);
