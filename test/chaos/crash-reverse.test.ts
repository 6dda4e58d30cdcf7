import { describeCrashes } from './crash/matrix';

describeCrashes('reverse', ['btrfs', 'zfs']);
