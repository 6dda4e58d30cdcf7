/**
 * Two clusters and a wire between them: whatever is killed or cut in whichever step of a sync, and of a failover, the next sync
 * that succeeds brings everything, no point is lost, and nothing is left behind.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Point } from '../../../src/model/records';
import type { RelationshipInput } from '../../../src/model/spec';
import type { FailoverResult, RelocateResult, ReverseResult, VerifyResult } from '../../../src/api/messages';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import { Wire } from '../../cluster/wire';
import {
  bindAgent,
  clusterAgent,
  listMade,
  PASSING,
  writeAgentKubeconfig,
} from '../../support/cluster/agent';
import { awaitEnd, carryOut, start, untilStatus } from '../../support/system/switching';
import { eventually, TestSystem } from '../../support/system/system';
import { applyAndSync, syncWell } from '../../support/system/user';

jest.setTimeout(600_000);

const LONG_MS = 240_000;
const SPEC: RelationshipInput['spec'] = {
  source: { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' },
  targets: [{ host: 'west', pvc: 'shop/data' }],
  mover: { rsync: { bandwidthLimit: '10MiB', compress: 'none' } },
};

let folder: string;
let clusters: { east: Cluster; west: Cluster };
let wire: Wire;
let system: TestSystem;
let written = 0;

const agentOf = async (cluster: Cluster, name: string) => {
  const kubeconfig = await writeAgentKubeconfig(cluster, join(folder, `${name}.kubeconfig`));
  return clusterAgent(kubeconfig, join(folder, 'template.yaml'), '--namespaces', 'shop');
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-kills-'));
  await writeFile(join(folder, 'template.yaml'), 'imagePullPolicy: Never\n');
  clusters = { east: await Cluster.start(), west: await Cluster.start() };
  wire = await Wire.lay(clusters.east, clusters.west);
  for (const cluster of Object.values(clusters)) await bindAgent(cluster, ['shop']);
  const agents = {
    east: await agentOf(clusters.east, 'east'),
    west: await agentOf(clusters.west, 'west'),
  };
  system = await TestSystem.start({ agents });
  const { east } = clusters;
  await east.apply(makeClaim('data', { namespace: 'shop', size: '1Gi' }));
  await startWriter();
  await write();
  await applyAndSync(system, 'shop', { ...SPEC, retain: { last: 100 } });
});
afterAll(async () => {
  await system?.stop();
  for (const cluster of Object.values(clusters ?? {})) await cluster.down();
  await rm(folder, { recursive: true, force: true });
});

const startWriter = async () => {
  await clusters.east.apply(makePod('writer', { namespace: 'shop', files: ['data'] }));
  await clusters.east.waitFor('condition=Ready', ['pod/writer'], 'shop');
};

/** Something that takes a while to be brought over. */
const write = async () => {
  const script = `dd if=/dev/urandom of=/data/big bs=1M count=40 status=none; echo ${++written} > /data/count; sync`;
  await clusters.east.exec('shop', 'writer', ['sh', '-c', script]);
};

/** Deletes the movers of one side, as an eviction does. */
const evict = async ({ east, west }: typeof clusters, side: 'east' | 'west') => {
  const cluster = side === 'east' ? east : west;
  await cluster.kubectl([
    ...['delete', 'pods', '-n', 'shop', '-l', 'tidemark.dev/role=mover', '--grace-period=0', '--force'],
  ]);
};

const nothing = () => Promise.resolve();

/** What is done to it, and what brings it back. */
const BLOWS: Record<string, { strike: () => Promise<unknown>; mend: () => Promise<unknown> }> = {
  'the agent of the source': {
    strike: () => system.kill('agent:east'),
    mend: async () => system.launch('agent:east'),
  },
  'the agent of the target': {
    strike: () => system.kill('agent:west'),
    mend: async () => system.launch('agent:west'),
  },
  'the pod of the source': { strike: () => evict(clusters, 'east'), mend: nothing },
  'the pod of the target': { strike: () => evict(clusters, 'west'), mend: nothing },
  'the API server of the target': {
    strike: () => clusters.west.kill('apiserver'),
    mend: () => clusters.west.restart('apiserver'),
  },
  'the kubelet of the source': {
    strike: () => clusters.east.kill('kubelet'),
    mend: () => clusters.east.restart('kubelet'),
  },
  'containerd of the target': {
    strike: () => clusters.west.kill('containerd'),
    mend: () => clusters.west.restart('containerd'),
  },
  'the whole cluster of the target': {
    strike: () => clusters.west.cutPower(),
    mend: async () => {
      await clusters.west.powerOn();
      await wire.mend();
    },
  },
  'the wire': { strike: () => wire.cut(), mend: () => wire.mend() },
};

/** Each begins once its activity is at work. */
const STEPS = ['prepareSource', 'receive', 'transfer', 'publish'];

/** Waits until an activity of an operation is at work. */
const untilStep = async (workflowId: string, step: string) => {
  const client = await system.client();
  const isAtWork = async () => {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const names = (events ?? []).map(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name,
    );
    return names.includes(step) ? true : undefined;
  };
  await eventually(`${step} is at work`, isAtWork, LONG_MS, 50);
};

const pointsOf = async () =>
  (await system.json<{ id?: string; pointId?: string }[]>('points', 'shop')).map(
    ({ id, pointId }) => id ?? pointId ?? '',
  ) satisfies Point['id'][];

const untilNothingIsLeft = () =>
  eventually(
    'nothing is left in either cluster',
    async () => {
      const left = await Promise.all(Object.values(clusters).map((each) => listMade(each, PASSING)));
      return left.flat().length === 0 ? true : undefined;
    },
    LONG_MS,
  );

/** Everything that was written is there, with all the points of before. */
async function expectWhole(before: readonly string[]): Promise<void> {
  const verified = await system.json<VerifyResult>('verify', 'shop');
  expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
  expect(await pointsOf()).toEqual(expect.arrayContaining([...before]));
  await untilNothingIsLeft();
}

describe.each(Object.keys(BLOWS))('a sync that loses %s', (name) => {
  it.each(STEPS)('in %s goes on, and loses nothing', async (step) => {
    const blow = BLOWS[name];
    const before = await pointsOf();
    await write();
    const startedAt = new Date().toISOString();
    const workflowId = await start(system, 'shop', 'sync');
    await untilStep(workflowId, step);
    await blow?.strike();
    await new Promise((done) => setTimeout(done, 2_000));
    await blow?.mend();
    await untilStatus(
      system,
      'shop',
      'a sync has succeeded since',
      ({ operation, lastSync }) =>
        !operation && lastSync?.result === 'succeeded' && lastSync.endedAt > startedAt,
      LONG_MS,
    );
    await expectWhole(before);
  });
});

/** Where a failover works on the target, with the source lost in the middle of a transfer: so there is something to put back. */
const AT_TARGET = Object.keys(BLOWS).filter((name) => name.endsWith('the target') || name === 'the wire');

/** What the claim of the target holds. */
const countAtTarget = async () => {
  const { west } = clusters;
  await west.apply(makePod('reader', { namespace: 'shop', files: ['data'] }));
  await west.waitFor('condition=Ready', ['pod/reader'], 'shop');
  const found = await west.exec('shop', 'reader', ['cat', '/data/count']);
  await west.kubectl(['-n', 'shop', 'delete', 'pod', 'reader']);
  return Number(found);
};

/** Without an operation, and with nothing that waits for anybody. */
const untilIdle = () =>
  untilStatus(system, 'shop', 'nothing runs', ({ operation }) => operation === undefined, LONG_MS);

describe.each(AT_TARGET)('a failover that loses %s', (name) => {
  it.each(['rollback', 'promote'])(
    'in %s ends at the newest point, and the way back loses nothing',
    async (step) => {
      const blow = BLOWS[name];
      await write();
      await syncWell(system, 'shop');
      const [before, count] = [await pointsOf(), written];
      await write();
      const syncing = await start(system, 'shop', 'sync');
      await untilStep(syncing, 'transfer');
      await system.kill('agent:east');
      const workflowId = await start(system, 'shop', 'failover', { target: 'west' });
      await untilStep(workflowId, step);
      await blow?.strike();
      await new Promise((done) => setTimeout(done, 2_000));
      await blow?.mend();
      const { failure } = await awaitEnd<FailoverResult>(system, workflowId);
      expect(failure).toBeUndefined();
      expect(await countAtTarget()).toBe(count);
      system.launch('agent:east');
      await untilIdle();
      await clusters.east.kubectl(['-n', 'shop', 'delete', 'pod', 'writer']);
      await carryOut<ReverseResult>(system, 'shop', 'reverse', { acceptDiverged: true });
      await untilIdle();
      await carryOut<RelocateResult>(system, 'shop', 'relocate', { target: 'east' });
      await untilIdle();
      await startWriter();
      expect(await pointsOf()).toEqual(expect.arrayContaining(before));
      await syncWell(system, 'shop');
      await expectWhole(before);
    },
  );
});

it('leaves after two hundred syncs no more than after two', async () => {
  const kinds = [...PASSING, 'persistentvolumes', 'volumesnapshotcontents'];
  const count = async () =>
    (await clusters.west.kubectl(['get', kinds.join(','), '-A', '-o', 'name'])).trim().split('\n').length;
  await applyAndSync(system, 'shop', { ...SPEC, retain: { last: 2 } });
  await syncWell(system, 'shop');
  await untilNothingIsLeft();
  const before = await count();
  for (let round = 0; round < 198; round++) await syncWell(system, 'shop');
  await untilNothingIsLeft();
  expect(await count()).toBe(before);
}, 3_600_000);
