import { rsyncMover } from '../../src/movers/rsync';
import { testMover } from './mover-suite';

testMover(rsyncMover);
