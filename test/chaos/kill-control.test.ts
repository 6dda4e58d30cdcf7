import { describeKills } from './kill-suite';

describeKills('the control worker', [['control']]);
