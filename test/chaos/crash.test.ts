import { sample } from '../support/sample';
import { describeCrashes } from './crash/matrix';

const CRASHES = [
  () => describeCrashes('drill', ['btrfs', 'zfs']),
  () => describeCrashes('failover', ['ext4', 'zfs']),
  () => describeCrashes('relocate', ['ext4', 'btrfs send']),
  () => describeCrashes('reverse', ['btrfs', 'zfs']),
  // What kills do to rsync's syncs, the tests named kill- tell too.
  () => describeCrashes('sync', ['image', 'btrfs send']),
];

for (const describeOperation of sample(CRASHES, 3)) describeOperation();
