import { rsyncMover } from '../../src/movers/rsync';
import { testDeletions } from './mover-deletions-suite';
import { testMover } from './mover-suite';

testMover(rsyncMover);
testDeletions(rsyncMover);
