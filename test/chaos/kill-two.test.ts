import { describeKills } from './kill-suite';

describeKills('two of them at once', [
  ['agent:alpha', 'agent:beta'],
  ['agent:beta', 'temporal'],
  ['control', 'rsync'],
  ['agent:alpha', 'control'],
  ['temporal', 'control'],
]);
