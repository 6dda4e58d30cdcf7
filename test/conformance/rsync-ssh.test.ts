import { rsyncMover } from '../../src/movers/rsync';
import { makeSshHosts } from '../support/hosts/ssh-host';
import { testMover } from './mover-suite';

testMover(rsyncMover, 'between hosts reached over SSH', {
  makeHosts: makeSshHosts,
  writeModes: ['inPlace'],
});
