import { describeKills } from './kill-suite';

describeKills("the source's agent", [['agent:alpha']]);
