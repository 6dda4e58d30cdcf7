import { makeBtrfsStorage } from '../support/storage/btrfs-storage';
import { makeSshHosts } from '../support/hosts/ssh-host';
import { testStreamMover } from './stream-mover-suite';

testStreamMover('btrfs send, between hosts reached over SSH', makeBtrfsStorage, makeSshHosts);
