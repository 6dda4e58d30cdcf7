/** Relationships, and operations on them, as custom resources of a real API server: stated, followed and ended by kubectl alone. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RelationshipSummary } from '../../../src/model/summary';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import { bindAgent, clusterAgent, installResources, writeAgentKubeconfig } from '../../support/cluster/agent';
import { eventually, TestSystem } from '../../support/system/system';
import { writeDocument } from '../../support/system/user';

jest.setTimeout(240_000);

let folder: string;
let cluster: Cluster;
let system: TestSystem;
const at = (...names: string[]) => join(folder, ...names);

const API = 'tidemark.dev/v1alpha1';
const SPEC = {
  source: { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' },
  targets: [{ host: 'east', pvc: 'shop/copy' }],
};
const relationship = (name: string, spec: object, namespace = 'shop') => ({
  ...{ apiVersion: API, kind: 'Relationship', metadata: { name, namespace } },
  spec,
});
const inShop = (...argv: string[]) => cluster.kubectl(['--namespace', 'shop', ...argv]);
const apply = (object: object) => cluster.kubectl(['apply', '-f', '-'], JSON.stringify(object));
const refused = (object: object) =>
  apply(object).then(
    () => 'accepted',
    (error: unknown) => String(error),
  );
const waitFor = (condition: string, object: string) =>
  inShop('wait', `--for=condition=${condition}`, object, '--timeout=90s');

interface Seen {
  status?: {
    phase?: string;
    message?: string;
    conditions?: { type: string; status: string; message: string; reason: string }[];
  };
}
const see = async (object: string) => JSON.parse(await inShop('get', object, '-o', 'json')) as Seen;
const conditionOf = async (object: string, type: string) =>
  (await see(object)).status?.conditions?.find((each) => each.type === type);

let operations = 0;
/** Asks for an operation, and waits until it is over. */
async function operate(spec: object, on = 'data'): Promise<NonNullable<Seen['status']>> {
  const name = `operation-${++operations}`;
  await apply({
    ...{ apiVersion: API, kind: 'RelationshipOperation', metadata: { name, namespace: 'shop' } },
    spec: { relationship: on, ...spec },
  });
  await waitFor('Complete', `relationshipoperation/${name}`);
  return (await see(`relationshipoperation/${name}`)).status ?? {};
}
const inWriter = (script: string) => cluster.exec('shop', 'writer', ['sh', '-c', script]);
const names = async () => (await system.json<RelationshipSummary[]>('get')).map(({ name }) => name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-resources-'));
  cluster = await Cluster.start();
  await bindAgent(cluster, ['shop', 'spare']);
  await installResources(cluster, ['shop', 'spare']);
  const kubeconfig = await writeAgentKubeconfig(cluster, at('agent.kubeconfig'));
  await writeFile(at('template.yaml'), 'imagePullPolicy: Never\n');
  const more = ['--namespaces', 'shop,spare', '--resources', '--resource-hosts', 'nas1'];
  const east = clusterAgent(kubeconfig, at('template.yaml'), ...more);
  system = await TestSystem.start({
    agents: { east, nas1: { options: ['--address', cluster.network.outside] } },
  });
  await cluster.apply(
    makeClaim('data', { namespace: 'shop', size: '64Mi' }),
    makePod('writer', { namespace: 'shop', files: ['data'] }),
  );
  await cluster.waitFor('condition=Ready', ['pod/writer'], 'shop');
  await inWriter('for each in 1 2 3 4 5 6 7 8 9 10; do echo $each > /data/$each; done; sync');
});
afterAll(async () => {
  await system?.stop();
  await cluster?.down();
  await rm(folder, { recursive: true, force: true });
});

it('is refused by the API server where its schema tells, and by its condition where not', async () => {
  expect(await refused(relationship('bad', { ...SPEC, triger: {} }))).toMatch(/unknown field "spec.triger"/);
  const two = { ...SPEC, source: { ...SPEC.source, directory: '/x' } };
  expect(await refused(relationship('bad', two))).toMatch(/must name one volume/);
  expect(await refused(relationship('bad', { ...SPEC, targets: [] }))).toMatch(/spec.targets/);
  const schedule = { ...SPEC, trigger: { schedule: '99 * * * *' } };
  await apply(relationship('bad', schedule));
  const ready = await eventually('it is refused', () => conditionOf('relationship/bad', 'Ready'));
  expect(ready).toMatchObject({ status: 'False', reason: 'Refused' });
  expect(ready.message).toMatch(/spec.trigger.schedule/);
  await inShop('delete', 'relationship/bad', '--timeout=30s');
});

it('may not name what is not its own, until who owns that allows it', async () => {
  const targets = [
    { host: 'east', pvc: 'spare/copy' },
    { host: 'alpha', directory: '/srv/x' },
  ];
  await apply(relationship('far', { ...SPEC, targets }));
  const ready = await eventually('it is refused', () => conditionOf('relationship/far', 'Ready'));
  expect(ready.message).toMatch(/namespace spare, which does not allow shop that[^]*may not name alpha/);
  await cluster.kubectl(['annotate', 'namespace', 'spare', 'tidemark.dev/allow-relationships-from=shop']);
  await apply(relationship('far', { ...SPEC, targets: targets.slice(0, 1) }));
  await waitFor('Ready', 'relationship/far');
  await waitFor('WithinObjectives', 'relationship/far');
  await inShop('delete', 'relationship/far', '--timeout=60s');
});

it('is a relationship like any other, seen alike by kubectl and the command line', async () => {
  await apply(relationship('data', { ...SPEC, trigger: { schedule: '0 3 * * *' }, retain: { last: 3 } }));
  await waitFor('Ready', 'relationship/data');
  await waitFor('WithinObjectives', 'relationship/data');
  expect(await names()).toEqual(['east.shop.data']);
  expect(await inShop('get', 'relationships')).toMatch(/NAME +HEALTH +PHASE[^]*data +up +Idle +\d+s/);
  const before = await inShop('get', 'relationship/data', '-o', 'jsonpath={.metadata.resourceVersion}');
  // At rest nothing is written.
  await new Promise((done) => setTimeout(done, 25_000));
  expect(await inShop('get', 'relationship/data', '-o', 'jsonpath={.metadata.resourceVersion}')).toBe(before);
});

it('is what its resource says, whatever a file says; and a file of its name is not overwritten', async () => {
  const changed = writeDocument('east.shop.data', { ...SPEC, retain: { last: 9 } } as never);
  await system.cli(['apply', '-f', '-'], { stdin: changed });
  await eventually('it was put back', async () => {
    const { status } = await system.json<{
      status: { document: { spec: { retain: { last?: number } } } };
    }>('describe', 'east.shop.data');
    return status.document.spec.retain.last === 3 ? true : undefined;
  });
  await mkdir(at('own'));
  const own = {
    source: { host: 'nas1', directory: at('own') },
    targets: [{ host: 'nas1', directory: at('of-own') }],
  };
  await system.cli(['apply', '-f', '-'], { stdin: writeDocument('east.shop.taken', own) });
  await apply(relationship('taken', SPEC));
  const ready = await eventually('it is refused', () => conditionOf('relationship/taken', 'Ready'));
  expect(ready).toMatchObject({ status: 'False', reason: 'NameTaken' });
  await inShop('delete', 'relationship/taken', '--timeout=30s');
  expect(await names()).toContain('east.shop.taken');
  await system.retire('east.shop.taken');
});

it('is operated by resources, each carried out once', async () => {
  await inWriter('echo new > /data/new; sync');
  expect(await operate({ sync: {} })).toMatchObject({ phase: 'Succeeded' });
  expect(await operate({ verify: {} })).toMatchObject({ phase: 'Succeeded' });
  const restore = { point: 'latest', to: { host: 'nas1', path: at('restored') } };
  expect(await operate({ restore })).toMatchObject({ phase: 'Succeeded' });
  expect(await readFile(at('restored', 'new'), 'utf8')).toBe('new\n');
  const foreign = { point: 'latest', to: { host: 'alpha', path: '/srv/x' } };
  expect(await operate({ restore: foreign })).toMatchObject({ phase: 'Failed' });
  expect(await operate({ reverse: {} })).toMatchObject({ phase: 'Failed' });
  expect((await operate({ reverse: {} })).message).toMatch(/nothing to reverse/);
});

it('waits for an approval as a condition, and goes on with one', async () => {
  await inWriter('rm /data/[1-9]; sync');
  expect(await operate({ sync: {} })).toMatchObject({ phase: 'Failed' });
  await waitFor('WaitingForApproval', 'relationship/data');
  expect(await operate({ approve: {} })).toMatchObject({ phase: 'Succeeded' });
  await inShop('wait', '--for=condition=WaitingForApproval=false', 'relationship/data', '--timeout=90s');
});

it('fails over, is reversed and goes home', async () => {
  await inShop('delete', 'pod/writer', '--now');
  expect(await operate({ failover: {} })).toMatchObject({ phase: 'Succeeded' });
  await waitFor('FailedOver', 'relationship/data');
  expect(await operate({ reverse: {} })).toMatchObject({ phase: 'Succeeded' });
  await inShop('wait', '--for=condition=FailedOver=false', 'relationship/data', '--timeout=60s');
  expect(await operate({ relocate: {} })).toMatchObject({ phase: 'Succeeded' });
});

it('goes on after its agent was killed and the API server was restarted, with what was changed meanwhile', async () => {
  await system.kill('agent:east');
  await cluster.restart('apiserver');
  await apply(relationship('data', { ...SPEC, retain: { last: 5 } }));
  await apply(relationship('x'.repeat(253), { ...SPEC, targets: [{ host: 'nas1', directory: at('long') }] }));
  system.launch('agent:east');
  await eventually('it was applied', async () => {
    const generation = await inShop('get', 'relationship/data', '-o', 'jsonpath={.metadata.generation}');
    const observed = await inShop('get', 'relationship/data', '-o', 'jsonpath={.status.observedGeneration}');
    return generation === observed ? true : undefined;
  });
  await waitFor('Ready', `relationship/${'x'.repeat(253)}`);
  expect((await names()).every((name) => name.length <= 63)).toBe(true);
});

it('is deleted with its resource, also while its agent was away; and what people use stays', async () => {
  await system.kill('agent:east');
  await inShop('delete', 'relationships', '--all', '--wait=false');
  system.launch('agent:east');
  await eventually('they are gone', async () => ((await names()).length === 0 ? true : undefined));
  await eventually('the resources are gone', async () =>
    (await inShop('get', 'relationships', '-o', 'name')) === '' ? true : undefined,
  );
  expect(await inShop('get', 'pvc', '-o', 'name')).toMatch(
    /persistentvolumeclaim\/copy\n[^]*persistentvolumeclaim\/data/,
  );
  expect(await operate({ sync: {} }).catch(() => 'waits')).toBe('waits');
});
