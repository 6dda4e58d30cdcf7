import { describeKills } from './kill-suite';

describeKills('the rsync processes of a transfer', [['rsync']]);
