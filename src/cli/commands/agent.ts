import { type Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { EXPOSURES, type Exposure, type PodTemplate } from '../../hosts/cluster/contract';
import { parseSshAddress, type SshAddress } from '../../hosts/ssh/address';
import { parseHostKey } from '../../hosts/ssh/host-keys';
import { TidemarkError } from '../../model/errors';
import { durationToMs, isDuration } from '../../model/units';
import type { KubernetesOptions, ViaOptions } from '../../workers/side';
import { stateHome } from '../../client/up-state';
import { ClientError } from '../../client/exit-codes';
import { lazy } from '../lazy';
import { finish } from '../output';
import { collect, parseHostName, parseHostPort, parsePath, parsePort, parseText } from '../parse';

/** Those that say how a host is reached over SSH. */
interface ReachOptions {
  via?: SshAddress;
  jump?: SshAddress[];
  identity?: string[];
  knownHosts?: string[];
  hostKey?: string[];
  remoteHome?: string;
  authorizedKeys?: string;
}

/** Those that say which cluster a host is. */
interface ClusterFlags {
  kubernetes?: true;
  kubeconfig?: string;
  context?: string;
  namespaces?: string[];
  moverImage?: string;
  moverTemplate?: string;
  expose?: Exposure;
  limit?: number;
}

interface AgentOptions extends ReachOptions, ClusterFlags {
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
    .option('--metrics <host:port>', 'serve metrics for Prometheus', parseHostPort)
    .option(
      '--via <ssh-url>',
      'serve a host on which nothing is installed, over SSH: ssh://USER@HOST[:PORT]',
      parseVia,
    )
    .option('--jump <ssh-url>', 'reach it through this host; may be given several times', collectJump)
    .option(
      '--identity <file>',
      'private key to log in there with (default: ~/.ssh/id_*, SSH agent)',
      collect,
    )
    .option('--known-hosts <file>', 'file of known hosts, beside ~/.ssh/known_hosts', collect)
    .option('--host-key <key>', 'public key of that host, trusted instead of known hosts', collectHostKey)
    .option('--remote-home <dir>', 'state folder there (default: ~/.tidemark/NAME)', parseText)
    .option(
      '--authorized-keys <path>',
      'where its sshd looks for keys of that user (default: ~/.ssh/authorized_keys)',
      parseText,
    )
    .option(
      '--kubernetes',
      'the host is a Kubernetes cluster: the one that this runs in, or that of a kubeconfig',
    )
    .option('--kubeconfig <file>', 'how to reach that cluster (default: as kubectl does)', parsePath)
    .option('--context <name>', 'the context of the kubeconfig', parseText)
    .option('--namespaces <names>', 'serve these namespaces alone: shop,blog (default: all)', parseNames)
    .option('--mover-image <image>', 'image of the pods that carry data', parseText)
    .option(
      '--mover-template <file>',
      'YAML with what their pods have besides: resources, tolerations, affinity, …',
      parsePath,
    )
    .addOption(
      new Option('--expose <how>', 'how other hosts reach these pods (default: PodIP)').choices(EXPOSURES),
    )
    .option('--limit <duration>', 'wait so long for pods, snapshots and volumes (default: 5m)', parseLimit)
    .action((options: AgentOptions) => agent(options));
  finish(
    command,
    [
      'tidemark agent --host alpha',
      'tidemark agent --host beta --address beta.example.net --port 7822',
      'tidemark agent --host nas1 --via ssh://root@nas1',
      'tidemark agent --host east --kubernetes --kubeconfig east.yaml --mover-image registry.example.net/tidemark-mover:1',
      'tidemark agent --host nas2 --via ssh://backup@10.0.0.7:2222 --jump ssh://admin@bastion.example.net',
    ],
    { output: false },
  );
}

function orRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    throw new InvalidArgumentError([`It is ${error.message}`, error.details.hint].filter(Boolean).join('; '));
  }
}

const parseVia = (text: string): SshAddress => orRefuse(() => parseSshAddress(text));
const collectJump = (text: string, before: SshAddress[] = []) => [...before, parseVia(text)];
const collectHostKey = (text: string, before: string[] = []) => [
  ...before,
  orRefuse(() => parseHostKey(text)),
];

/** An address that means "all of them" can't be dialled: others get the machine's first one that is not its own loop. */
function chooseAddress({ listen, address, via }: AgentOptions): string {
  if (address !== undefined) return address;
  if (via !== undefined) return via.host;
  if (listen !== '0.0.0.0' && listen !== '::') return listen;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

/** @throws ClientError `WrongUse` where options of the one way came with the other. */
function readVia(options: AgentOptions): ViaOptions | undefined {
  const { via: address, host, jump, identity, knownHosts, hostKey, remoteHome, authorizedKeys } = options;
  if (address === undefined) {
    if (jump ?? identity ?? knownHosts ?? hostKey ?? remoteHome ?? authorizedKeys)
      throw new ClientError('WrongUse', 'this says how to reach a host over SSH, but not which', {
        hint: 'add --via ssh://USER@HOST',
      });
    return undefined;
  }
  return {
    ssh: {
      address,
      ...(jump && { jumps: jump }),
      ...(identity && { identities: identity }),
      ...(knownHosts && { knownHosts }),
      ...(hostKey && { hostKeys: hostKey }),
    },
    home: remoteHome ?? `.tidemark/${host}`,
    ...(authorizedKeys !== undefined && { authorizedKeys }),
  };
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

const parseNames = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function parseLimit(text: string): number {
  if (isDuration(text)) return durationToMs(text);
  throw new InvalidArgumentError('It is no duration such as 90s or 5m.');
}

const DEFAULT_LIMIT_MS = 300_000;

function readTemplate(file: string): PodTemplate {
  try {
    return lazy.template().parseTemplate(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    throw new ClientError('WrongUse', `${file} can't be read: ${(error as Error).message}`, {
      hint: 'name a file of YAML, with resources, tolerations or what else the pods are to have',
    });
  }
}

/** @throws ClientError `WrongUse` where options of a cluster came without one, or the other way round */
function readKubernetes(options: AgentOptions): KubernetesOptions | undefined {
  const { kubernetes, kubeconfig, context, namespaces, moverImage, moverTemplate, expose, limit } = options;
  if (!kubernetes) {
    if (kubeconfig ?? context ?? namespaces ?? moverImage ?? moverTemplate ?? expose ?? limit)
      throw new ClientError('WrongUse', 'this is about a Kubernetes cluster, and the host is none', {
        hint: 'add --kubernetes',
      });
    return undefined;
  }
  if (options.via !== undefined)
    throw new ClientError('WrongUse', 'a host is a cluster, or it is reached over SSH: not both', {
      hint: 'leave out --via or --kubernetes',
    });
  if (moverImage === undefined)
    throw new ClientError('WrongUse', 'nothing says which image the pods have that carry data', {
      hint: 'add --mover-image IMAGE: one with sh, GNU coreutils, findutils, util-linux, rsync and OpenSSH',
    });
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(namespaces && { namespaces }),
    settings: {
      image: moverImage,
      expose: expose ?? 'PodIP',
      ...(options.address !== undefined && { address: options.address }),
      ...(options.port !== undefined && { port: options.port }),
      limitMs: limit ?? DEFAULT_LIMIT_MS,
      template: moverTemplate === undefined ? {} : readTemplate(moverTemplate),
    },
  };
}

async function agent(options: AgentOptions): Promise<void> {
  const { host, home, listen, port, metrics } = options;
  const allowHooks = readHooksFolder(options);
  const via = readVia(options);
  const kubernetes = readKubernetes(options);
  await lazy.agent().runAgent({
    host,
    home: home ?? join(stateHome(), 'agents', host),
    listenAddress: listen,
    advertisedAddress: chooseAddress(options),
    ...(port !== undefined && { port }),
    ...(allowHooks !== undefined && { allowHooks }),
    ...(metrics !== undefined && { metrics }),
    ...(via && { via }),
    ...(kubernetes && { kubernetes }),
  });
}
