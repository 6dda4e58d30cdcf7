/** `npm run cluster`: the tests' Kubernetes, for whoever wants to try something on it. */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { Cluster } from './cluster';
import { kubernetesFolder, ROOT } from './paths';
import { Wire } from './wire';

const DEFAULT_NAME = 'tidemark';
const RUN = 'npm run cluster --';

const EXAMPLES = `
Examples:
  $ ${RUN} up                              one node, ready in about 8 seconds
  $ ${RUN} up west --nodes 2
  $ export KUBECONFIG=$(npm run cluster --silent -- kubeconfig west)
  $ ${RUN} in west -- kubectl get nodes    where kubectl is, and every address of the cluster
  $ ${RUN} link tidemark west              a wire between two; with --cut it is cut
  $ ${RUN} down west
`;

/** Those that were made by this checkout, and by no test: what may be meant where no name is given. */
async function findOwn(): Promise<Cluster[]> {
  return (await Cluster.list()).filter(({ record }) => !record.owner && record.checkout === ROOT);
}

/** The one of this name, whoever made it; without a name, the only one of this checkout. */
async function find(name: string | undefined): Promise<Cluster> {
  const all = name === undefined ? await findOwn() : await Cluster.list();
  const found = name === undefined ? all : all.filter((cluster) => cluster.name === name);
  const [cluster] = found;
  if (cluster && found.length === 1) return cluster;
  const names = all.map((each) => each.name).join(', ');
  const none = name === undefined ? 'no cluster was made by this checkout' : 'there is no cluster';
  if (all.length === 0) throw new Error(`${none}: make one by \`${RUN} up\`; \`${RUN} list\` shows all`);
  throw new Error(
    name === undefined ? `which of these: ${names}?` : `there is no cluster ${name}, but ${names}`,
  );
}

/** An application with a volume, and a place for a copy of both. */
const EXAMPLE = join(__dirname, 'example.yaml');

async function up(name: string, { nodes, example }: { nodes?: number; example: boolean }): Promise<void> {
  const before = (await findOwn()).find((cluster) => cluster.name === name);
  if (before && nodes !== undefined && nodes !== before.record.nodes)
    throw new Error(
      `${name} was made with --nodes ${before.record.nodes}: take it down first, or name another`,
    );
  if (before && !before.isOn) await before.powerOn();
  const cluster = before ?? (await Cluster.start({ name, nodes: nodes ?? 1, isLasting: true }));
  if (example) await cluster.kubectl(['apply', '-f', EXAMPLE]);
  console.log(describe(cluster));
}

function describe({ name, record, server, kubeconfig }: Cluster): string {
  return `Cluster ${name} is up, with ${record.nodes === 1 ? 'one node' : `${record.nodes} nodes`}, at ${server}. It runs until it is taken down.

  export KUBECONFIG=${kubeconfig}
  export PATH=${kubernetesFolder()}:$PATH

  kubectl get nodes,storageclass,volumesnapshotclass
  kubectl --namespace shop get pods,pvc      an application with a volume (README.md has a tour)
  npx tidemark agent --host east --kubernetes --mover-image tidemark.test/mover:1
  ${RUN} in ${name}      a shell in its network, with its mounts
  ${RUN} down ${name}    ends it, and removes all that was of it`;
}

/** Runs a program in a cluster's first machine, with this terminal. */
async function runInside(name: string | undefined, node: number, command: readonly string[]): Promise<void> {
  const cluster = await find(name);
  const [program = '', ...args] = cluster.machine(node).inside(command.length > 0 ? command : ['bash']);
  const env = {
    ...process.env,
    KUBECONFIG: cluster.kubeconfig,
    KUBECACHEDIR: cluster.file('kubectl'),
    PATH: `${kubernetesFolder()}${delimiter}${process.env.PATH ?? ''}`,
  };
  const child = spawn(program, args, { stdio: 'inherit', env });
  process.on('SIGINT', () => undefined);
  process.exitCode = await new Promise<number>((resolve, reject) =>
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1)),
  );
}

async function link(one: string, other: string, { cut }: { cut?: boolean }): Promise<void> {
  const wire = await Wire.lay(await find(one), await find(other));
  if (cut) await wire.cut();
  console.log(cut ? `the wire between ${one} and ${other} is cut` : `${one} and ${other} are linked`);
}

async function down(name: string | undefined): Promise<void> {
  const cluster = await find(name);
  await cluster.down();
  console.log(`${cluster.name} is down, and nothing of it is left`);
}

async function list(): Promise<void> {
  const rows = (await Cluster.list()).map((cluster) => [
    cluster.name,
    cluster.isOn ? 'on' : 'off',
    String(cluster.record.nodes),
    cluster.kubeconfig,
    cluster.record.checkout + (cluster.record.owner ? `, a test: process ${cluster.record.owner.pid}` : ''),
  ]);
  const table = [['NAME', 'POWER', 'NODES', 'KUBECONFIG', 'MADE BY'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

function parseNumber(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new InvalidArgumentError('a number from 1 on is wanted');
  return Number(text);
}

function makeProgram(inside: readonly string[]): Command {
  const program = new Command(RUN).description(
    'A real Kubernetes on this machine, as the tests have it. Needs root.',
  );
  program.addHelpText('after', EXAMPLES);
  program
    .command('up [name]')
    .description('make a cluster, or switch on one that is off')
    .option('--nodes <number>', 'how many nodes it has (default: 1)', parseNumber)
    .option('--no-example', 'without the example application')
    .action((name: string | undefined, options: { nodes?: number; example: boolean }) =>
      up(name ?? DEFAULT_NAME, options),
    );
  program
    .command('down [name]')
    .description('end a cluster, and remove all that was of it')
    .action((name: string | undefined) => down(name));
  program
    .command('kubeconfig [name]')
    .description("print the path of an administrator's kubeconfig")
    .action(async (name: string | undefined) => console.log((await find(name)).kubeconfig));
  program
    .command('in [name]')
    .usage('[options] [name] [-- command...]')
    .description('run a command, or a shell, where a cluster runs: in its network, with its mounts')
    .option('--node <number>', 'in which of its machines', parseNumber, 1)
    .action((name: string | undefined, { node }: { node: number }) => runInside(name, node, inside));
  program
    .command('link <name> <other>')
    .description('lay a wire between two clusters, or mend it')
    .option('--cut', 'cut it')
    .action((one: string, other: string, options: { cut?: boolean }) => link(one, other, options));
  program.command('list').description('show all clusters, those of tests too').action(list);
  return program;
}

const argv = process.argv.slice(2);
const end = argv.indexOf('--');
makeProgram(end < 0 ? [] : argv.slice(end + 1))
  .parseAsync(end < 0 ? argv : argv.slice(0, end), { from: 'user' })
  // Connections that are kept open must not keep a finished command waiting.
  .then(() => process.exit())
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
