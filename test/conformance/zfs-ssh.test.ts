import { makeSshHosts } from '../support/hosts/ssh-host';
import { makeZfsStorage } from '../support/storage/zfs-storage';
import { testStreamMover } from './stream-mover-suite';

testStreamMover('zfs send, between hosts reached over SSH', makeZfsStorage, makeSshHosts);
