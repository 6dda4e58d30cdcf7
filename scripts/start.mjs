/** `npm start`: set-up, then `tidemark up` with the arguments given, for as long as that runs. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { setUpOrExit } from './set-up.mjs';
import { ROOT } from './set-up/paths.mjs';

const node = await setUpOrExit();
console.log();
const child = spawn(node, [join(ROOT, 'bin', 'tidemark.mjs'), 'up', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// Ctrl-C reaches the child by itself; it decides when this is over.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// npm ends its shell at TERM, and the shell tells nobody: that it is gone is all there is to see.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(watch);
  child.kill('SIGTERM');
}, 500);
child.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
