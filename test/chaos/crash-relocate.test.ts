import { describeCrashes } from './crash/matrix';

describeCrashes('relocate', ['ext4', 'btrfs send']);
