import { describeKills } from './kill-suite';

describeKills({
  'the rsync processes of a transfer': [['rsync']],
  'the sshd processes of a transfer': [['sshd']],
  'two of them at once': [
    ['agent:alpha', 'agent:beta'],
    ['agent:beta', 'temporal'],
    ['control', 'rsync'],
    ['agent:alpha', 'control'],
    ['temporal', 'control'],
  ],
});
