import type { Command } from 'commander';
import { join } from 'node:path';
import { ClientError } from '../../client/exit-codes';
import { stateHome } from '../../client/up-state';
import { lazy } from '../lazy';
import { finish } from '../output';
import { parseHostPort, parseLabelNames, parsePath, parseText } from '../parse';

interface ControlOptions {
  home?: string;
  http: string;
  metricLabels?: string[];
  tokens?: string;
  allowActions?: boolean;
  tlsCert?: string;
  tlsKey?: string;
  temporalUi?: string;
  notify?: string;
}

export function register(program: Command): void {
  const command = program
    .command('control')
    .summary('the control worker: workflows, catalog, HTTP API')
    .description(
      'Runs the control worker: the workflows, the catalog of what happened, and the HTTP API. Runs until it is ended. ' +
        'TIDEMARK_DATABASE_URL names a PostgreSQL for the catalog (default: embedded, in its state folder); TIDEMARK_TOKEN is ' +
        'what every HTTP request must bring; it or --tokens is needed where it listens beyond the loopback.',
    )
    .option('--home <dir>', 'state folder (default: control in the state folder of Tidemark)', parsePath)
    .option('--http <host:port>', 'where the HTTP API listens', parseHostPort, '127.0.0.1:7733')
    .option(
      '--metric-labels <names>',
      'labels of relationships that metrics tell, such as tier,team (default: none)',
      parseLabelNames,
    )
    .option('--tokens <file>', 'tokens with names and roles', parsePath)
    .option('--allow-actions', 'let tokens with a role sync, approve, fail over, …')
    .option('--tls-cert <file>', 'serve HTTPS with this certificate', parsePath)
    .option('--tls-key <file>', 'and this key', parsePath)
    .option('--temporal-ui <url>', 'where the Temporal UI is, for links', parseText)
    .option('--notify <file>', 'who is told of what: receivers and routes', parsePath)
    .action((options: ControlOptions) => control(options));
  finish(command, ['tidemark control', 'TIDEMARK_TOKEN=… tidemark control --http 0.0.0.0:7733'], {
    output: false,
  });
}

async function control(options: ControlOptions): Promise<void> {
  const { tlsCert: certPath, tlsKey: keyPath } = options;
  if ((certPath === undefined) !== (keyPath === undefined))
    throw new ClientError('WrongUse', '--tls-cert and --tls-key belong together');
  const { TIDEMARK_DATABASE_URL: databaseUrl, TIDEMARK_TOKEN: token } = process.env;
  await lazy.control().runControl({
    home: options.home ?? join(stateHome(), 'control'),
    http: options.http,
    ...(options.notify !== undefined && { notify: options.notify }),
    ...(databaseUrl && { databaseUrl }),
    ...(token && { token }),
    ...(options.metricLabels && { metricLabels: options.metricLabels }),
    ...(options.tokens !== undefined && { tokensPath: options.tokens }),
    ...(options.allowActions && { allowActions: true }),
    ...(certPath !== undefined && keyPath !== undefined && { tls: { certPath, keyPath } }),
    ...(options.temporalUi !== undefined && { uiAddress: options.temporalUi }),
  });
}
