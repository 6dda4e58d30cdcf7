import { describeKills } from './kill-suite';

describeKills("the target's agent", [['agent:beta']]);
