import { makeBtrfsStorage } from '../support/btrfs-storage';
import { makeSshHosts } from '../support/ssh-host';
import { testStreamMover } from './stream-mover-suite';

testStreamMover('btrfs send, between hosts reached over SSH', makeBtrfsStorage, makeSshHosts);
