import { describeCrashes } from './crash/matrix';

describeCrashes('relocate');
