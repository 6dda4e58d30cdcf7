import { describeKills } from './kill-suite';

describeKills('the sshd processes of a transfer', [['sshd']]);
