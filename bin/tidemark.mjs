#!/usr/bin/env node
/** Starts the CLI on a Node that is new enough, with compiled code cached between runs. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const LEAST_NODE = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'dist', 'cli', 'main.js');

function fail(text) {
  process.stderr.write(`tidemark: ${text}\n`);
  process.exit(1);
}

/**
 * Runs this file again on another Node, as if it were this process: it gets the same signals, and ends with this one,
 * however that ends. KILL can't be passed on: `setpriv` has the kernel send TERM then.
 */
function runOn(node) {
  const argv = [node, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const setpriv = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'setpriv'))
    .find((path) => existsSync(path));
  const [program, ...args] = setpriv ? [setpriv, '--pdeathsig', 'TERM', '--', ...argv] : argv;
  const child = spawn(program, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])
    process.on(signal, () => child.kill(signal));
  child.once('error', (error) => fail(`can't run ${program}: ${error.message}`));
  child.once('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (Number(process.versions.node.split('.')[0]) >= LEAST_NODE) {
  if (!existsSync(main)) fail('not built yet: run `npm start`, or `npm run build`, first');
  const base = process.env.XDG_CACHE_HOME;
  const cache = join(base && isAbsolute(base) ? base : join(homedir(), '.cache'), 'tidemark');
  module.enableCompileCache(join(cache, 'compiled'));
  // The rclone and restic of `npm run set-up -- --stores`.
  const stores = join(cache, 'bin', 'stores');
  if (existsSync(stores)) process.env.PATH = [stores, process.env.PATH ?? ''].join(delimiter);
  await import(pathToFileURL(main));
} else {
  const own = join(root, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(own))
    fail(
      `Node ${LEAST_NODE} is needed, and this is ${process.versions.node}: run \`npm start\` first, which brings one`,
    );
  runOn(own);
}
