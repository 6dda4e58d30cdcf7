import { makeZfsStorage } from '../support/storage/zfs-storage';
import { testStreamMover } from './stream-mover-suite';

testStreamMover('zfs send', makeZfsStorage);
