import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { UpOptions } from './options';
import type { UpMessage } from './reporter';
import { UP_MARKER } from './left-overs';

const BIN = resolve(__dirname, '../../bin/tidemark.mjs');

function toArgs({ home, quickStart, allowActions, notify, ports }: UpOptions): string[] {
  return [
    ...['up', '--home', home],
    ...(quickStart ? [] : ['--no-quick-start']),
    ...(allowActions ? ['--allow-actions'] : []),
    ...(notify === undefined ? [] : ['--notify', notify]),
    ...(ports.temporal === undefined ? [] : ['--temporal-port', String(ports.temporal)]),
    ...(ports.ui === undefined ? [] : ['--ui-port', String(ports.ui)]),
    ...(ports.http === undefined ? [] : ['--http-port', String(ports.http)]),
  ];
}

/** Starts an `up` that outlives this process, shows what it says, and answers once it is ready: its exit code where it failed. */
export async function startDetached(options: UpOptions): Promise<number> {
  mkdirSync(join(options.home, 'log'), { recursive: true, mode: 0o700 });
  const log = openSync(join(options.home, 'log', 'up.log'), 'w', 0o600);
  const errorPath = join(options.home, 'log', 'up-errors.log');
  const { [UP_MARKER]: _mark, ...env } = process.env;
  const child = spawn(process.execPath, [BIN, ...toArgs(options)], {
    detached: true,
    env,
    stdio: ['ignore', log, openSync(errorPath, 'w', 0o600), 'ipc'],
  });
  const interrupt = () => child.kill('SIGTERM');
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return await new Promise((settle, fail) => {
    child.once('error', fail);
    child.on('message', (message) => {
      const said = message as UpMessage;
      if ('say' in said) process.stdout.write(`${said.say}\n`);
      else {
        child.disconnect();
        child.unref();
        settle(0);
      }
    });
    child.once('close', (code) => {
      if (code !== 0) process.stderr.write(readFileSync(errorPath));
      settle(code ?? 1);
    });
  });
}
