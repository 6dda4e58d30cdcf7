import { makeSshHosts } from '../support/ssh-host';
import { makeZfsStorage } from '../support/zfs-storage';
import { testStreamMover } from './stream-mover-suite';

testStreamMover('zfs send, between hosts reached over SSH', makeZfsStorage, makeSshHosts);
