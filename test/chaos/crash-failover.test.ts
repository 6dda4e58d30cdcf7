import { describeCrashes } from './crash/matrix';

describeCrashes('failover', ['ext4', 'zfs']);
