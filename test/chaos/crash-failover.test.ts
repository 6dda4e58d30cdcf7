import { describeCrashes } from './crash/matrix';

describeCrashes('failover');
