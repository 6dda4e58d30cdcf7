import { describeKills } from './kill-suite';

describeKills('Temporal itself', [['temporal']]);
