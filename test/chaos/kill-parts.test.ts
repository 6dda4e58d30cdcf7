import { describeKills } from './kill-suite';

describeKills({
  'the agent of the source': [['agent:alpha']],
  'the agent of the target': [['agent:beta']],
  'the control worker': [['control']],
  Temporal: [['temporal']],
});
