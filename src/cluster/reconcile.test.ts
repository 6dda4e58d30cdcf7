import { ClientError } from '../client/exit-codes';
import type { ClusterApi } from '../hosts/cluster/contract';
import { RelationshipSchema } from '../model/spec';
import type { RelationshipStatus } from '../model/status';
import { reconcile, type ReconcileContext, type Relationships } from './reconcile';
import { FINALIZER, RESOURCE, type RelationshipResource } from './resource';
import type { ResourceStatus } from './status';

/** A cluster with one resource, and a Temporal with at most one relationship. Both remember what was asked of them. */
function setUp(change: Partial<RelationshipResource['metadata']> = {}) {
  const world = {
    resource: {
      ...{ apiVersion: RESOURCE.apiVersion, kind: RESOURCE.kind },
      metadata: { name: 'mysql', namespace: 'shop', uid: 'u1', generation: 1, ...change },
      spec: { source: { host: 'east', pvc: 'shop/mysql' }, targets: [{ host: 'east', pvc: 'shop/copy' }] },
    } as RelationshipResource,
    running: undefined as RelationshipStatus | undefined,
    asked: [] as string[],
    refusal: undefined as Error | undefined,
  };
  const api = {
    read: () => Promise.resolve(world.resource),
    patch(_reference: unknown, patch: { metadata: object }) {
      Object.assign(world.resource.metadata, patch.metadata);
      return Promise.resolve(world.resource);
    },
    applyStatus(_kind: unknown, _metadata: unknown, status: ResourceStatus) {
      world.asked.push('status');
      world.resource.status = status;
      return Promise.resolve();
    },
  } as unknown as ClusterApi;
  const relationships = {
    apply(document: object) {
      world.asked.push('apply');
      if (world.refusal) return Promise.reject(world.refusal);
      world.running = {
        ...{
          name: 'east.shop.mysql',
          document: RelationshipSchema.parse(document),
          phase: 'Idle',
          paused: false,
        },
        ...{ direction: 'forward', epoch: 1, sequence: 1, consecutiveFailures: 0, missedTicks: 0 },
        ...{ targets: [], warnings: [] },
      };
      return Promise.resolve();
    },
    status: () =>
      world.running ? Promise.resolve(world.running) : Promise.reject(new ClientError('NotFound', 'none')),
    schedule: () => Promise.resolve({}),
    retire() {
      world.asked.push('retire');
      world.running = undefined;
      return Promise.resolve();
    },
  } as unknown as Relationships;
  const context: ReconcileContext = { api, relationships, options: { cluster: 'east', hosts: [] } };
  return { world, look: () => reconcile(context, { namespace: 'shop', name: 'mysql' }) };
}

const readyOf = ({ status }: RelationshipResource) =>
  status?.conditions?.find(({ type }) => type === 'Ready');

test('what a resource says is applied once, and again when it changes', async () => {
  const { world, look } = setUp();
  await look();
  expect(world.asked).toEqual(['apply', 'status']);
  expect(world.resource.metadata.finalizers).toEqual([FINALIZER]);
  expect(readyOf(world.resource)).toMatchObject({ status: 'True' });
  await look();
  expect(world.asked).toEqual(['apply', 'status']);
  world.resource.metadata.generation = 2;
  await look();
  expect(world.asked).toEqual(['apply', 'status', 'apply', 'status']);
  expect(world.resource.status?.observedGeneration).toBe(2);
});

test('what somebody has applied over it by hand is put back', async () => {
  const { world, look } = setUp();
  await look();
  if (world.running) world.running.document.metadata.labels = {};
  await look();
  expect(world.asked.filter((each) => each === 'apply')).toHaveLength(2);
});

test('a relationship of its name that was made by hand is not touched, and that is said', async () => {
  const { world, look } = setUp();
  await look();
  delete world.resource.status;
  if (world.running) world.running.document.metadata.labels = {};
  expect(await look()).toMatchObject({ isWrong: true });
  expect(readyOf(world.resource)).toMatchObject({ status: 'False', reason: 'NameTaken' });
  expect(world.asked.filter((each) => each === 'apply')).toHaveLength(1);
  world.resource.metadata.deletionTimestamp = '2026-11-30T10:00:00Z';
  await look();
  expect(world.asked).not.toContain('retire');
  expect(world.resource.metadata.finalizers).toEqual([]);
});

test('what is refused is told with every reason, and what runs stays', async () => {
  const { world, look } = setUp();
  await look();
  world.resource.metadata.generation = 2;
  world.refusal = new ClientError('InvalidSpec', 'two', { problems: ['one', 'two'] });
  expect(await look()).toMatchObject({ isWrong: true });
  expect(readyOf(world.resource)).toMatchObject({ status: 'False', reason: 'Refused', message: 'one\ntwo' });
  expect(world.running).toBeDefined();
});

test("a tool's own words are told, and of many the last", async () => {
  const { world, look } = setUp();
  world.refusal = new ClientError('ToolFailed', 'it failed', {
    toolMessage: `${'x'.repeat(1000)}\nno space`,
    hint: 'make room',
  });
  await look();
  expect(readyOf(world.resource)?.message).toMatch(/^it failed: …x{391} \/ no space; make room$/);
});

test('a resource that is deleted takes its relationship with it, and then goes', async () => {
  const { world, look } = setUp();
  await look();
  world.resource.metadata.deletionTimestamp = '2026-11-30T10:00:00Z';
  expect(await look()).toBeUndefined();
  expect(world.asked).toContain('retire');
  expect(world.resource.metadata.finalizers).toEqual([]);
});

test('a resource whose Temporal is away is neither ready nor not, and keeps what holds it', async () => {
  const { world, look } = setUp();
  await look();
  world.refusal = new ClientError('Unreachable', 'Temporal does not answer');
  world.resource.metadata.generation = 2;
  await look();
  expect(readyOf(world.resource)).toMatchObject({ status: 'Unknown', reason: 'Unreachable' });
});
