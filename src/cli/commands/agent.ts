import type { Command } from 'commander';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { ClientError } from '../../client/exit-codes';
import { stateHome } from '../../client/up-state';
import { addKubernetesOptions, type KubernetesFlags, readKubernetes } from '../agent-kubernetes';
import { addSshOptions, readSsh, type SshFlags } from '../agent-ssh';
import { type Labels, parseLabels } from '../../model/labels';
import { lazy } from '../lazy';
import { finish } from '../output';
import { collect, parseHostName, parseHostPort, parsePath, parsePort, parseText } from '../parse';

interface AgentOptions extends SshFlags, KubernetesFlags {
  host: string;
  home?: string;
  listen: string;
  address?: string;
  port?: number;
  allowHooks?: string;
  label?: string[];
  credentials?: string;
  metrics?: string;
}

export function register(program: Command): void {
  const command = program
    .command('agent')
    .summary('run the agent of one host')
    .description(
      'Runs the agent of a host: it does the work on the data that this machine holds, or a host that it reaches over SSH. Runs until it is ended.',
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
      'how other hosts reach this one (default: the address listened on, or the first of this machine; with --via: that one)',
    )
    .option(
      '--port <number>',
      'port of its sshd (default: one that is free, kept from then on; with --via: that one)',
      parsePort,
    )
    .option(
      '--allow-hooks <dir>',
      'the only folder from which hooks are run, on that host (default: no hooks)',
      parseText,
    )
    .option(
      '--label <key=value>',
      'a label that hostSelector of a target means it by; may be repeated',
      collect,
    )
    .option(
      '--credentials <dir>',
      'folder of what reaches stores: files that nobody else may read (default: none)',
      parsePath,
    )
    .option('--metrics <host:port>', 'serve metrics for Prometheus', parseHostPort);
  addSshOptions(command);
  addKubernetesOptions(command);
  command.action((options: AgentOptions) => agent(options));
  finish(
    command,
    [
      'tidemark agent --host alpha',
      'tidemark agent --host beta --address beta.example.net --port 7822',
      'tidemark agent --host edge1 --label region=eu --label tier=edge',
      'tidemark agent --host nas1 --via ssh://root@nas1',
      'tidemark agent --host east --kubernetes --kubeconfig east.yaml --mover-image registry.example.net/tidemark-mover:1',
      'tidemark agent --host nas2 --via ssh://backup@10.0.0.7:2222 --jump ssh://admin@bastion.example.net',
    ],
    { output: false },
  );
}

/** An address that means "all of them" can't be dialled: others get the machine's first one that is not its own loop. */
function chooseAddress({ listen, address, via }: AgentOptions): string {
  if (address !== undefined) return address;
  if (via !== undefined) return via.host;
  if (listen !== '0.0.0.0' && listen !== '::') return listen;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

/** Hooks lie on the host that the agent speaks for: only here a path can be relative to where one is. */
function readHooksFolder({ allowHooks, via }: AgentOptions): string | undefined {
  if (allowHooks === undefined || via === undefined) return allowHooks && resolve(allowHooks);
  if (allowHooks.startsWith('/')) return allowHooks;
  throw new ClientError(
    'WrongUse',
    `--allow-hooks names a folder on that host: ${allowHooks} is not absolute`,
    {
      hint: 'write its whole path, like /etc/tidemark/hooks',
    },
  );
}

/** @throws ClientError `WrongUse` with every reason */
function readLabels(texts: readonly string[] = []): Labels {
  const { labels, problems } = parseLabels(texts);
  if (problems.length > 0) {
    throw new ClientError('WrongUse', `--label: ${problems.join('; ')}`, {
      hint: 'labels are as those of Kubernetes: --label region=eu --label tier=edge',
    });
  }
  return labels;
}

async function agent(options: AgentOptions): Promise<void> {
  const { host, home, listen, port, credentials, metrics } = options;
  const labels = readLabels(options.label);
  const allowHooks = readHooksFolder(options);
  const via = readSsh(options);
  const kubernetes = readKubernetes(options);
  await lazy.agent().runAgent({
    host,
    home: home ?? join(stateHome(), 'agents', host),
    listenAddress: listen,
    advertisedAddress: chooseAddress(options),
    labels,
    ...(port !== undefined && { port }),
    ...(allowHooks !== undefined && { allowHooks }),
    ...(credentials !== undefined && { credentials }),
    ...(metrics !== undefined && { metrics }),
    ...(via && { via }),
    ...(kubernetes && { kubernetes }),
  });
}
