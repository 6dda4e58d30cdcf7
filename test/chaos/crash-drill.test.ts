import { describeCrashes } from './crash/matrix';

describeCrashes('drill', ['btrfs', 'zfs']);
