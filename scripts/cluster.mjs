/** `npm run cluster -- COMMAND`: a Kubernetes of one's own on this machine, the one of the tests; before `up`, set-up. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setUpOrExit } from './set-up.mjs';
import { ensureNode } from './set-up/node.mjs';
import { ROOT } from './set-up/paths.mjs';

const args = process.argv.slice(2);
const isUp = args[0] === 'up' && !args.includes('--help') && !args.includes('-h');
const node = isUp ? await setUpOrExit({ forTests: true }) : (await ensureNode(() => {})).path;
if (isUp) console.log();
const typescript = join(ROOT, 'test', 'support', 'run-typescript.cjs');
const program = join(ROOT, 'test', 'cluster', 'main.ts');
const child = spawn(node, ['--require', typescript, program, ...args], { stdio: 'inherit' });
// Ctrl-C reaches the child by itself.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
