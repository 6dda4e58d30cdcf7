/**
 * Targets by labels in a cluster: a resource whose selector agents come to match; and the example for Open Cluster Management,
 * judged by a real API server with that project's own definitions.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import { bindAgent, clusterAgent, installResources, writeAgentKubeconfig } from '../../support/cluster/agent';
import {
  ADD_ON_FILES,
  findDefinitions,
  readAddOn,
  renderParts,
} from '../../support/cluster/open-cluster-management';
import { eventually, TestSystem } from '../../support/system/system';

jest.setTimeout(300_000);

let folder: string;
let cluster: Cluster;
let system: TestSystem;
const at = (...names: string[]) => join(folder, ...names);
const inShop = (...argv: string[]) => cluster.kubectl(['--namespace', 'shop', ...argv]);
const apply = (object: object) => cluster.kubectl(['apply', '-f', '-'], JSON.stringify(object));
const waitFor = (condition: string) =>
  inShop('wait', `--for=condition=${condition}`, 'relationship/data', '--timeout=90s');
const targets = async () => (await system.status('east.shop.data')).targets.map(({ host }) => host);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-selected-'));
  cluster = await Cluster.start();
  await bindAgent(cluster, ['shop', 'spare']);
  await installResources(cluster, ['shop', 'spare']);
  const kubeconfig = await writeAgentKubeconfig(cluster, at('agent.kubeconfig'));
  await writeFile(at('template.yaml'), 'imagePullPolicy: Never\n');
  const agent = (...more: string[]) => clusterAgent(kubeconfig, at('template.yaml'), ...more);
  system = await TestSystem.start({
    agents: { east: agent('--namespaces', 'shop', '--resources', '--resource-hosts', 'west') },
  });
  const eu = ['--namespaces', 'spare', '--label', 'region=eu'];
  system.defineAgent('west', agent(...eu));
  system.defineAgent('south', agent(...eu));
  await cluster.apply(
    makeClaim('data', { namespace: 'shop', size: '64Mi' }),
    makePod('writer', { namespace: 'shop', files: ['data'] }),
  );
  await cluster.waitFor('condition=Ready', ['pod/writer'], 'shop');
  await cluster.exec('shop', 'writer', ['sh', '-c', 'echo one > /data/page; sync']);
});
afterAll(async () => {
  await system?.stop();
  await cluster?.down();
  await rm(folder, { recursive: true, force: true });
});

it('is accepted while nobody matches, and says so; who registers later becomes a target, where resources may name it', async () => {
  await cluster.kubectl(['annotate', 'namespace', 'spare', 'tidemark.dev/allow-relationships-from=shop']);
  await apply({
    ...{ apiVersion: 'tidemark.dev/v1alpha1', kind: 'Relationship' },
    metadata: { name: 'data', namespace: 'shop' },
    spec: {
      source: { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' },
      targets: [{ hostSelector: { matchLabels: { region: 'eu' } }, pvc: 'spare/data' }],
    },
  });
  await waitFor('Ready');
  const reason = '{.status.conditions[?(@.type=="WithinObjectives")].reason}';
  expect(await inShop('get', 'relationship/data', '-o', `jsonpath=${reason}`)).toBe('NoHost');
  system.launch('agent:south');
  system.launch('agent:west');
  await eventually('west is a target', async () => ((await targets()).includes('west') ? true : undefined));
  await waitFor('WithinObjectives');
  expect(await targets()).toEqual(['west']);
});

it('the add-on for Open Cluster Management is what its definitions and the API server take', async () => {
  const definitions = await findDefinitions();
  for (const file of definitions) await cluster.kubectl(['apply', '--server-side', '-f', file]);
  const names = ['addontemplates.addon', 'clustermanagementaddons.addon', 'placements.cluster'];
  await cluster.waitFor(
    'condition=Established',
    names.map((name) => `crd/${name}.open-cluster-management.io`),
  );
  const taken = await cluster.kubectl([
    ...['apply', '--validate=strict'],
    ...ADD_ON_FILES.flatMap((file) => ['-f', file]),
  ]);
  const objects = await readAddOn();
  expect(taken.trim().split('\n')).toHaveLength(objects.length);
  // What it installs in each cluster is what any cluster takes.
  const { spec } = objects.find(({ kind }) => kind === 'AddOnTemplate') ?? {};
  const parts = renderParts(spec, { CLUSTER_NAME: 'edge1', REGION: 'eu', TIER: 'edge' });
  const list = { apiVersion: 'v1', kind: 'List', items: parts };
  const strictly = ['apply', '--validate=strict', '--dry-run=server', '-f', '-'];
  const installed = await cluster.kubectl(strictly, JSON.stringify(list));
  expect(installed.trim().split('\n')).toHaveLength(parts.length);
});
