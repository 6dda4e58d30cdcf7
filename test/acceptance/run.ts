/** `npm run acceptance`: whether a cluster keeps what Scribe's and VolSync's resources promise. Needs nothing but kubectl. */
import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { Kubectl } from './kubectl';
import { runCase } from './run-case';
import { listCases } from './steps';

interface Options {
  context?: string;
  kubeconfig?: string;
  only?: RegExp;
  list?: true;
  timeout: number;
  parallel: number;
  image?: string;
  storeImage?: string;
  keep?: true;
}

/** The image that the tests' own cluster has, and no other. */
const TESTS_IMAGE = 'tidemark.test/mover:1';

async function findImages(kubectl: Kubectl): Promise<{ data: string; store: string }> {
  const nodes = await kubectl.run(['get', 'nodes', '-o', 'jsonpath={.items[*].status.images[*].names}']);
  if (nodes.includes(TESTS_IMAGE)) return { data: TESTS_IMAGE, store: TESTS_IMAGE };
  return { data: 'busybox:1.37', store: 'rclone/rclone:1.71' };
}

/** @throws Error in words where the cluster can't be asked, or does not know these resources */
async function checkCluster(kubectl: Kubectl): Promise<void> {
  const kinds = await kubectl.run(['api-resources', '--verbs=list', '-o', 'name']);
  if (!kinds.includes('replicationsources.volsync.backube'))
    throw new Error(
      'this cluster has no replicationsources.volsync.backube: kubectl apply -f deploy/kubernetes/crds/volsync-replicationsources.yaml, and so on',
    );
  if (!kinds.includes('volumesnapshots.snapshot.storage.k8s.io'))
    throw new Error('this cluster has no VolumeSnapshots, which most cases need');
}

async function main(options: Options): Promise<number> {
  const names = listCases().filter((name) => options.only?.test(name) ?? true);
  if (options.list) {
    console.log(names.join('\n'));
    return 0;
  }
  const kubectl = new Kubectl([
    ...(options.context === undefined ? [] : ['--context', options.context]),
    ...(options.kubeconfig === undefined ? [] : ['--kubeconfig', options.kubeconfig]),
  ]);
  await checkCluster(kubectl);
  const images = await findImages(kubectl);
  const known = {
    IMAGE: options.image ?? images.data,
    STORE_IMAGE: options.storeImage ?? images.store,
  };
  const waiting = [...names];
  const made = new Set<string>();
  const giveUp = () => {
    waiting.length = 0;
    const remove = ['delete', 'namespace', ...made, '--wait=false', '--ignore-not-found'];
    void kubectl.try(made.size > 0 ? remove : ['version', '--client']).then(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, giveUp);
  const failed: string[] = [];
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const startedAt = Date.now();
      const namespace = `acceptance-${name.slice(0, 30)}-${randomBytes(3).toString('hex')}`;
      made.add(namespace);
      const say = (text: string) => process.stderr.isTTY && console.error(text);
      const limitMs = 1000 * options.timeout;
      const wrong = await runCase(name, { kubectl, namespace, known, limitMs, say }, options.keep === true);
      made.delete(namespace);
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      console.log(`${wrong === undefined ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
      if (wrong !== undefined) failed.push(name);
      if (wrong !== undefined) console.log(wrong.replaceAll(/^/gm, '       '));
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, lane));
  console.log(`${names.length - failed.length} of ${names.length} cases are as expected`);
  return failed.length === 0 && names.length > 0 ? 0 : 1;
}

function parseNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('a number from 1 on is wanted');
  return Number(text);
}

const program = new Command('npm run acceptance --')
  .description(
    'Applies what people have written for Scribe and VolSync to a cluster, and looks whether what these promise comes true.',
  )
  .option('--context <name>', 'which context of the kubeconfig; by default the current one')
  .option('--kubeconfig <file>', 'by default as kubectl has it')
  .option('--only <pattern>', 'cases whose names look like this', (text) => new RegExp(text))
  .option('--list', 'print the names of the cases, and do nothing')
  .option('--timeout <seconds>', 'how long anything may take', parseNumber, 180)
  .option('--parallel <number>', 'cases at the same time', parseNumber, 2)
  .option('--image <name>', 'of pods that look at volumes: has a shell and common programs')
  .option('--store-image <name>', 'of pods that stores are in: has rclone, and a shell')
  .option('--keep', 'leave the namespaces of cases that fail')
  .action(async (options: Options) => {
    process.exitCode = await main(options);
  });

program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
