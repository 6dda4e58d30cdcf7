/** `npm run acceptance -- --context NAME [--only PATTERN]`: tries a cluster that serves Scribe's and VolSync's resources. */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { ensureNode } from './set-up/node.mjs';
import { ROOT } from './set-up/paths.mjs';

const { path: node } = await ensureNode(() => {});
const typescript = join(ROOT, 'test', 'support', 'run-typescript.cjs');
const program = join(ROOT, 'test', 'acceptance', 'run.ts');
// Behind the user's own: the kubectl of the tests' cluster.
const path = [process.env.PATH, join(ROOT, '.cache', 'kubernetes')].join(delimiter);
const child = spawn(node, ['--require', typescript, program, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, PATH: path },
});
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code) => process.exit(code ?? 1));
