import { makeZfsStorage } from '../support/zfs-storage';
import { testStreamMover } from './stream-mover-suite';

testStreamMover('zfs send', makeZfsStorage);
