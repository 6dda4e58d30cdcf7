import type { Command } from 'commander';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { stateHome } from '../../workers/up/state';
import { lazy } from '../lazy';
import { finish } from '../output';
import { parseHostName, parseHostPort, parsePath, parsePort } from '../parse';

interface AgentOptions {
  host: string;
  home?: string;
  listen: string;
  address?: string;
  port?: number;
  allowHooks?: string;
  metrics?: string;
}

export function register(program: Command): void {
  const command = program
    .command('agent')
    .summary('the worker that speaks for one host')
    .description(
      'Runs the agent of a host: it does the work on the data that this machine holds. Runs until it is ended.',
    )
    .requiredOption('--host <name>', 'the name of this host, as specs call it', parseHostName)
    .option(
      '--home <dir>',
      'state folder of this agent (default: agents/NAME in the state folder of Tidemark)',
      parsePath,
    )
    .option('--listen <address>', 'address on which its sshd takes data', '0.0.0.0')
    .option(
      '--address <address>',
      'how other hosts reach this one (default: the address listened on, or the first of this machine)',
    )
    .option('--port <number>', 'port of its sshd (default: one that is free, kept from then on)', parsePort)
    .option('--allow-hooks <dir>', 'the only folder from which hooks are run (default: no hooks)', parsePath)
    .option('--metrics <host:port>', 'serve metrics for Prometheus', parseHostPort)
    .action((options: AgentOptions) => agent(options));
  finish(
    command,
    ['tidemark agent --host alpha', 'tidemark agent --host beta --address beta.example.net --port 7822'],
    { output: false },
  );
}

/** An address that means "all of them" can't be dialled: others get the machine's first one that is not its own loop. */
function chooseAddress({ listen, address }: AgentOptions): string {
  if (address !== undefined) return address;
  if (listen !== '0.0.0.0' && listen !== '::') return listen;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

async function agent(options: AgentOptions): Promise<void> {
  const { host, home, listen, port, allowHooks, metrics } = options;
  await lazy.agent().runAgent({
    host,
    home: home ?? join(stateHome(), 'agents', host),
    listenAddress: listen,
    advertisedAddress: chooseAddress(options),
    ...(port !== undefined && { port }),
    ...(allowHooks !== undefined && { allowHooks }),
    ...(metrics !== undefined && { metrics }),
  });
}
