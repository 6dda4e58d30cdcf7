/**
 * Tidemark installed in a cluster by Helm, in a namespace of the restricted level of Pod Security, with images of what the
 * Containerfiles say: one command; a resource; changed values; and away again, with nothing left but data.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import {
  bringImages,
  CHART,
  helm,
  IMAGES,
  listEverything,
  standInForPrometheus,
  toFlags,
} from '../../support/cluster/helm';
import { eventually, TestSystem } from '../../support/system/system';

jest.setTimeout(600_000);

let folder: string;
let cluster: Cluster;
let system: TestSystem;
let before: string[];

type Values = Readonly<Record<string, unknown>>;
const values = (): Values => ({
  host: 'east',
  namespaces: ['shop'],
  images: { ...IMAGES, pullPolicy: 'Never' },
  'temporal.address': `${cluster.network.outside}:${system.env.TEMPORAL_ADDRESS?.split(':')[1] ?? ''}`,
  'movers.limit': '60s',
});
const IN = ['--namespace', 'tidemark'];
/** Without a cluster, Helm takes an old one for granted. */
const ELSEWHERE = ['--namespace', 'elsewhere', '--kube-version', '1.34'];
const install = (more: Values = {}, chart = CHART) =>
  helm(cluster, [
    ...['upgrade', '--install', 'tidemark', chart, ...IN, '--wait', '--timeout', '150s'],
    ...toFlags({ ...values(), ...more }),
  ]);
const uninstall = () => helm(cluster, ['uninstall', 'tidemark', ...IN, '--wait', '--timeout', '290s']);
/** What it says where it refuses; undefined where it does not. */
const refusalOf = (attempt: Promise<string>) =>
  attempt.then(
    () => undefined,
    (error: unknown) => String(error),
  );

const kubectl = (...argv: string[]) => cluster.kubectl(argv);
const inShop = (...argv: string[]) => cluster.kubectl(['--namespace', 'shop', ...argv]);
const write = (script: string) => cluster.exec('shop', 'writer', ['sh', '-c', `${script}; sync`]);
const API = 'tidemark.dev/v1alpha1';
const relate = (name: string, more: object = {}) =>
  cluster.apply({
    ...{ apiVersion: API, kind: 'Relationship', metadata: { name, namespace: 'shop' } },
    spec: {
      source: { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' },
      targets: [{ host: 'east', pvc: `shop/${name}-copy` }],
      ...more,
    },
  });
const waitFor = (condition: string, object: string) =>
  inShop('wait', `--for=condition=${condition}`, object, '--timeout=120s');

let operations = 0;
async function sync(name: string): Promise<string> {
  const operation = `operation-${++operations}`;
  await cluster.apply({
    ...{ apiVersion: API, kind: 'RelationshipOperation', metadata: { name: operation, namespace: 'shop' } },
    spec: { relationship: name, sync: {} },
  });
  await waitFor('Complete', `relationshipoperation/${operation}`);
  return await inShop('get', `relationshipoperation/${operation}`, '-o', 'jsonpath={.status.phase}');
}

/** What is there now and was not before, without the names that the cluster gives. */
async function findNew(): Promise<string[]> {
  const now = await listEverything(cluster);
  return now.filter((object) => !before.includes(object));
}

/** Claims of what processes know, and with what people wrote and what was made of it: all that an uninstall leaves. */
const DATA = [
  /^CustomResourceDefinition\/\/relationship(operation)?s\.tidemark\.dev$/,
  /^APIService\/\/v1alpha1\.tidemark\.dev$/,
  /^Relationship(Operation)?\/shop\/[a-z]+(-\d+)?$/,
  /^PersistentVolumeClaim\/tidemark\/state-tidemark-(agent|control|temporal)-0$/,
  /^PersistentVolumeClaim\/shop\/[a-z]+-copy$/,
  /^PersistentVolume\/\/pvc-/,
  /^VolumeSnapshot\/shop\/tidemark-point-/,
  /^VolumeSnapshotContent\/\/snapcontent-/,
];
const isData = (object: string) => DATA.some((each) => each.test(object));

async function expectOnlyData(): Promise<string[]> {
  const found = await eventually('what was on its way out is gone', async () => {
    const left = await findNew();
    return left.every(isData) ? left : undefined;
  }).catch(findNew);
  expect(found.filter((object) => !isData(object))).toEqual([]);
  return found;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-install-'));
  cluster = await Cluster.start();
  system = await TestSystem.start({ temporalIp: '0.0.0.0', agents: {} });
  // The control worker of the chart is to be the only one.
  await system.kill('control');
  await bringImages(cluster, folder);
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await cluster.apply(
    ...['shop', 'tidemark', 'elsewhere'].map((name) => ({
      ...{ apiVersion: 'v1', kind: 'Namespace' },
      metadata: { name, labels: name === 'shop' ? {} : restricted },
    })),
    makeClaim('data', { namespace: 'shop', size: '256Mi' }),
    makePod('writer', { namespace: 'shop', files: ['data'] }),
  );
  await cluster.waitFor('condition=Ready', ['pod/writer'], 'shop');
  await write('echo first > /data/first');
  before = await listEverything(cluster);
});
afterAll(async () => {
  await system?.stop();
  await cluster?.down();
  await rm(folder, { recursive: true, force: true });
});

it('has nothing in it that the API server does not take, whichever switch is on', async () => {
  await standInForPrometheus(cluster);
  const secret = 'a-secret';
  const all = {
    ...{ namespaces: ['shop', 'spare'], secrets: { shop: ['one', 'two'] } },
    'control.token.secret': secret,
    'control.database.secret': secret,
    'control.replicas': 2,
    'temporal.tls': { enabled: true, caSecret: secret, clientSecret: secret, serverName: 'x' },
    'temporal.apiKey.secret': secret,
    'monitoring.serviceMonitor.enabled': true,
    'monitoring.alerts.enabled': true,
    'customResources.hosts': ['nas1'],
    'images.pullSecrets': [secret],
    'movers.template': { tolerations: [{ key: 'a', operator: 'Exists' }] },
    'agent.nodeSelector': { a: 'b' },
    'networkPolicy.from': [{ namespaceSelector: {} }],
  };
  const trial = { 'temporal.address': '', 'temporal.devServer.enabled': true, namespaces: ['*'] };
  await kubectl('create', 'namespace', 'spare');
  for (const more of [{}, all, trial]) {
    const flags = toFlags({ ...values(), ...more });
    const text = await helm(cluster, ['template', 'tidemark', CHART, ...ELSEWHERE, ...flags]);
    const answer = await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], text);
    expect(answer.trim().split('\n').length).toBeGreaterThan(15);
  }
  const plain = await kubectl(
    'apply',
    '--dry-run=server',
    '-f',
    join(CHART, '../../kubernetes/install.yaml'),
  );
  expect(plain).toMatch(/statefulset.apps\/tidemark-control/);
  await kubectl('delete', 'namespace', 'spare');
  await standInForPrometheus(cluster, false);
  await eventually('the trial of this is gone', async () => {
    const left = await findNew();
    return left.some((object) => /spare|monitoring\.coreos/.test(object)) ? undefined : true;
  });
});

it('is installed by one command, and one resource keeps a copy of a claim', async () => {
  expect(await install()).toMatch(/kubectl annotate namespace shop tidemark.dev\/privileged-movers=true/);
  await kubectl('annotate', 'namespace', 'shop', 'tidemark.dev/privileged-movers=true');
  await relate('data');
  await waitFor('Ready', 'relationship/data');
  await waitFor('WithinObjectives', 'relationship/data');
  const table = await kubectl(...IN, 'exec', 'tidemark-control-0', '--', 'tidemark', 'get');
  expect(table).toMatch(/east\.shop\.data +up/);
});

it('goes on after an upgrade with other values', async () => {
  const template = { labels: { of: 'tests' } };
  await install({ logLevel: 'debug', 'movers.template': template, 'agent.storage': '1024Mi' });
  await write('echo second > /data/second');
  expect(await sync('data')).toBe('Succeeded');
  expect(await inShop('get', 'pods', '-l', 'of=tests', '-o', 'name')).toMatch(/^pod\/tidemark-mover-/);
});

it('refuses before anything is made or changed, with every reason', async () => {
  // Pods that carry data go by themselves, some seconds after a sync.
  const listLasting = async () =>
    (await listEverything(cluster)).filter((object) => !object.includes('/tidemark-mover-'));
  const there = await listLasting();
  const nonsense = { host: 'EAST', 'control.replicas': 2, 'agent.storage': 'lots', tempoal: 1 };
  const said = await refusalOf(install(nonsense));
  for (const reason of ['/host', '/control/database/secret', '/agent/storage', 'tempoal'])
    expect(said).toContain(reason);
  expect(await refusalOf(install({ 'agent.storage': '5Gi' }))).toMatch(/grow claim state-tidemark-agent-0/);
  const twice = (name: string, namespace: string, more: Values) => {
    const flags = toFlags({ ...values(), ...more });
    return refusalOf(helm(cluster, ['install', name, CHART, '--namespace', namespace, ...flags]));
  };
  expect(await twice('other', 'tidemark', {})).toMatch(/exists and cannot be imported/);
  expect(await twice('tidemark', 'elsewhere', {})).toMatch(/exists and cannot be imported/);
  // Without the definitions too: the namespace is served already.
  expect(await twice('tidemark', 'elsewhere', { 'crds.install': false })).toMatch(
    /in namespace "shop" exists/,
  );
  const nowhere = { 'crds.install': false, namespaces: ['nowhere', 'noplace'] };
  expect(await twice('tidemark', 'elsewhere', nowhere)).toMatch(/no namespace nowhere, noplace/);
  expect(await listLasting()).toEqual(there);
});

it('leaves nothing but data where it is uninstalled in the middle of a sync', async () => {
  await write('dd if=/dev/urandom of=/data/big bs=1M count=60 status=none');
  await relate('slow', { mover: { rsync: { bandwidthLimit: '1MiB', compress: 'none' } } });
  await eventually('bytes move', async () =>
    (await inShop('get', 'pods', '-o', 'name')).includes('mover-shop-slow-copy') ? true : undefined,
  );
  expect((await findNew()).some((object) => object.includes('tidemark-capture-'))).toBe(true);
  await uninstall();
  const left = await expectOnlyData();
  expect(left.some((object) => object.startsWith('VolumeSnapshot/shop/tidemark-point-'))).toBe(true);
  expect(left).toEqual(expect.arrayContaining(['Relationship/shop/data', 'Relationship/shop/slow']));
  // Nobody holds it any more.
  await inShop('delete', 'relationship/slow', '--timeout=20s');
});

/** The chart of a version before: its definitions lack what this one's have. */
async function makeVersionBefore(): Promise<string> {
  const chart = join(folder, 'before');
  await cp(CHART, chart, { recursive: true });
  const file = join(chart, 'files/crds/relationships.yaml');
  const text = await readFile(file, 'utf8');
  const older = text.replace('One source, and copies of it that are kept fresh.', 'Of the version before.');
  expect(older).not.toBe(text);
  await writeFile(file, older);
  const about = join(chart, 'Chart.yaml');
  await writeFile(about, (await readFile(about, 'utf8')).replace(/^version: .*$/m, 'version: 0.0.9'));
  return chart;
}

const DESCRIPTION = 'jsonpath={.spec.versions[0].schema.openAPIV3Schema.description}';

it('goes on with what is there when it is installed again, and an upgrade brings the definitions along', async () => {
  const describeKind = () => kubectl('get', 'crd/relationships.tidemark.dev', '-o', DESCRIPTION);
  await install({}, await makeVersionBefore());
  expect(await describeKind()).toBe('Of the version before.');
  await install();
  const file = join(CHART, 'files/crds/relationships.yaml');
  const { spec } = parse(await readFile(file, 'utf8')) as {
    spec: { versions: [{ schema: { openAPIV3Schema: { description: string } } }] };
  };
  expect(await describeKind()).toBe(spec.versions[0].schema.openAPIV3Schema.description);
  await eventually(
    'a sync has succeeded since',
    async () => (await sync('data')) === 'Succeeded' || undefined,
  );
});

it('takes definitions and resources along where it is told to', async () => {
  await install({ 'crds.keep': false });
  await uninstall();
  const left = await expectOnlyData();
  expect(left.filter((object) => /^(CustomResourceDefinition|Relationship)/.test(object))).toEqual([]);
});

it('waits for a Temporal that is not there yet; and its development server is one that pods can use', async () => {
  const trial = { 'temporal.address': '', 'temporal.devServer.enabled': true };
  const flags = toFlags({ ...values(), ...trial });
  expect(await helm(cluster, ['install', 'tidemark', CHART, ...IN, ...flags])).toMatch(/FOR TRIALS ONLY/);
  await kubectl(...IN, 'rollout', 'status', 'statefulset/tidemark-temporal', '--timeout=90s');
  const address = await kubectl(
    ...IN,
    'get',
    'service/tidemark-temporal',
    '-o',
    'jsonpath={.spec.clusterIP}',
  );
  // The tests' cluster has no names: the pods here do not find it by its own.
  const doctor = `TEMPORAL_ADDRESS=${address}:7233 tidemark doctor -o json || true`;
  await eventually('it answers', async () => {
    const findings = await kubectl(...IN, 'exec', 'tidemark-control-0', '--', 'sh', '-c', doctor);
    return findings.includes(`${address}:7233, namespace default`) || undefined;
  });
  const pods = await kubectl(
    ...IN,
    'get',
    'pods',
    '-o',
    'jsonpath={.items[*].status.containerStatuses[*].restartCount}',
  );
  expect(pods).toBe('0 0 0');
  await uninstall();
  await expectOnlyData();
});
