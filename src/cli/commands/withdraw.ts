import { type Command, InvalidArgumentError } from 'commander';
import { confirm } from '../confirm';
import { lazy } from '../lazy';
import { finish, print, type OutputOptions } from '../output';
import { parseHostName, parseList, parsePath, parseText } from '../parse';

interface Options extends OutputOptions {
  host: string;
  kubeconfig?: string;
  context?: string;
  namespaces?: string[];
  resources?: true;
  volsync?: true;
  stop?: { namespace: string; name: string };
  yes?: true;
}

/** As long as an agent may take to end what it does, and some. */
const LIMIT_MS = 120_000;

export function register(program: Command): void {
  const command = program
    .command('withdraw')
    .summary('take an agent that is not to come back out of its cluster')
    .description(
      'For a Kubernetes cluster whose agent is not to come back: removes what it has made for the time of a sync or another ' +
        'operation, and lets go of custom resources. Claims, recovery points and relationships stay. The agent must not ' +
        'run meanwhile. Asks first.',
    )
    .requiredOption('--host <name>', 'the name of the cluster, as specs call it', parseHostName)
    .option('--kubeconfig <file>', 'how to reach that cluster (default: as kubectl does)', parsePath)
    .option('--context <name>', 'the context of the kubeconfig', parseText)
    .option('--namespaces <names>', 'those that the agent served: shop,blog (default: all)', parseList)
    .option('--resources', 'let go of the custom resources, so that they can be deleted without an agent')
    .option(
      '--volsync',
      'let go of the resources of VolSync and Scribe: for VolSync to go on with, or to be deleted',
    )
    .option('--stop <namespace/name>', 'delete this StatefulSet first, and wait for its pod', parseSet)
    .option('-y, --yes', 'do not ask')
    .action((options: Options) => withdraw(options));
  finish(command, [
    'tidemark withdraw --host east --namespaces shop --resources',
    'tidemark withdraw --host east --namespaces shop --resources --stop tidemark/tidemark-agent --yes',
  ]);
}

function parseSet(text: string): { namespace: string; name: string } {
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(text) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  throw new InvalidArgumentError('It must be NAMESPACE/NAME, like tidemark/tidemark-agent.');
}

async function withdraw({ yes, ...options }: Options): Promise<void> {
  if (!yes) await confirm(`Remove what the agent of ${options.host} has left in its cluster?`);
  const { resources = false, volsync = false } = options;
  const done = await lazy.withdraw().withdraw({ ...options, resources, volsync, limitMs: LIMIT_MS });
  print(done, options, ({ removed, released }) => {
    const lines = [
      ...removed.map((each) => `removed ${each}`),
      ...released.map((each) => `let go of ${each}`),
    ];
    return [...lines, 'claims, recovery points and relationships stay as they are'].join('\n');
  });
}
