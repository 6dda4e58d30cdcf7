/** `npm run demo`: set-up, then the story of a lost host, played to its end. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setUpOrExit } from './set-up.mjs';
import { ROOT } from './set-up/paths.mjs';

const node = await setUpOrExit();
console.log();
const child = spawn(node, [join(ROOT, 'dist', 'up', 'demo', 'index.js')], { stdio: 'inherit' });
// Ctrl-C reaches the child by itself; it cleans up first.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
