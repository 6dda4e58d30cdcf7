import { describeCrashes } from './crash/matrix';

// What kills do to rsync's syncs, the tests named kill- tell too.
describeCrashes('sync', ['image', 'btrfs send']);
