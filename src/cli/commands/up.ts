import type { Command } from 'commander';
import { stateHome } from '../../client/up-state';
import { lazy } from '../lazy';
import { finish } from '../output';
import { parsePath, parsePort } from '../parse';

interface UpCommandOptions {
  detach?: boolean;
  home?: string;
  temporalPort?: number;
  uiPort?: number;
  httpPort?: number;
  quickStart: boolean;
  allowActions?: boolean;
  notify?: string;
}

export function register(program: Command): void {
  const command = program
    .command('up')
    .summary('everything on this machine, with an example')
    .description(
      'Runs everything on this machine: Temporal with its UI, the control worker, and agents for two local hosts, alpha and ' +
        'beta; and keeps an example directory of alpha on beta. Runs until Ctrl-C; started again, it goes on where it was.',
    )
    .option('--detach', 'return once everything is ready; `tidemark down` ends it')
    .option(
      '--home <dir>',
      'state folder (default: TIDEMARK_HOME, else tidemark in the XDG state folder)',
      parsePath,
    )
    .option(
      '--temporal-port <port>',
      "Temporal's port (default: the last one, else 7233, else one that is free)",
      parsePort,
    )
    .option('--ui-port <port>', "port of Temporal's UI (default: the last one, else 8233, …)", parsePort)
    .option('--http-port <port>', 'port of the HTTP API (default: the last one, else 7733, …)', parsePort)
    .option('--notify <file>', 'who is told of what: receivers and routes', parsePath)
    .option('--no-quick-start', 'without the example')
    .option('--allow-actions', 'let the HTTP API do things, with a token that is made')
    .action((options: UpCommandOptions) => up(options));
  finish(
    command,
    [
      'tidemark up',
      'tidemark up --detach',
      'TIDEMARK_HOME=/tmp/second tidemark up --detach   # a second one, beside it',
    ],
    { output: false },
  );
}

async function up(options: UpCommandOptions): Promise<void> {
  const {
    detach = false,
    allowActions = false,
    home = stateHome(),
    temporalPort,
    uiPort,
    httpPort,
    quickStart,
    notify,
  } = options;
  const run = detach ? lazy.up().startDetached : lazy.up().runUp;
  process.exitCode = await run({
    home,
    quickStart,
    allowActions,
    ...(notify !== undefined && { notify }),
    ports: {
      ...(temporalPort !== undefined && { temporal: temporalPort }),
      ...(uiPort !== undefined && { ui: uiPort }),
      ...(httpPort !== undefined && { http: httpPort }),
    },
  });
}
