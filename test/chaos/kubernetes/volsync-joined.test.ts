/**
 * A source and a destination of VolSync, each in a cluster of its own, that are joined: nothing is sent again, and there are
 * failover, reverse and relocation.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FailoverResult, RelocateResult, ReverseResult } from '../../../src/api/messages';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import { Wire } from '../../cluster/wire';
import { bindAgent, clusterAgent, installVolSync, writeAgentKubeconfig } from '../../support/cluster/agent';
import { carryOut, untilStatus } from '../../support/system/switching';
import { eventually, TestSystem } from '../../support/system/system';

jest.setTimeout(400_000);

const LONG_MS = 200_000;
const MIB = 1024 ** 2;
const JOINT = 'east.shop.db.source';
const SOURCE = 'replicationsources.volsync.backube';
const DESTINATION = 'replicationdestinations.volsync.backube';

let folder: string;
let clusters: { east: Cluster; west: Cluster };
let system: TestSystem;

interface Seen {
  status?: {
    lastManualSync?: string;
    lastSyncTime?: string;
    latestImage?: { name: string };
    rsync?: { address?: string; sshKeys?: string };
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
}
const conditionOf = ({ status }: Seen, wanted: string) =>
  status?.conditions?.find(({ type }) => type === wanted);

async function until(
  what: string,
  cluster: Cluster,
  resource: string,
  isSo: (seen: Seen) => boolean,
): Promise<NonNullable<Seen['status']>> {
  return await eventually(
    what,
    async () => {
      const text = await cluster.kubectl(['--namespace', 'shop', 'get', `${resource}/db`, '-o', 'json']);
      const seen = JSON.parse(text) as Seen;
      if (!isSo(seen)) throw new Error(`it says ${JSON.stringify(seen.status)}`);
      return seen.status ?? {};
    },
    LONG_MS,
  );
}

const resource = (kind: string, spec: object) => ({
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind, metadata: { name: 'db', namespace: 'shop' }, spec },
});
const RECEIVED = resource('ReplicationDestination', {
  rsync: {
    ...{ copyMethod: 'Snapshot', capacity: '256Mi', accessModes: ['ReadWriteOnce'] },
    serviceType: 'NodePort',
  },
});
const annotate = (cluster: Cluster, kind: string, text: string) =>
  cluster.kubectl(['--namespace', 'shop', 'annotate', `${kind}/db`, `tidemark.dev/joined-with${text}`]);

/** Runs a script beside a claim, which is mounted at `/CLAIM`. */
async function beside(cluster: Cluster, claim: string, script: string): Promise<string> {
  await cluster.apply(makePod('beside', { namespace: 'shop', files: [claim] }));
  await cluster.waitFor('condition=Ready', ['pod/beside'], 'shop');
  const said = await cluster.exec('shop', 'beside', ['sh', '-c', `cd /${claim} && ${script}`]);
  await cluster.kubectl(['-n', 'shop', 'delete', 'pod', 'beside', '--grace-period=1']);
  return said.trim();
}

const syncBy = async (tag: string) => {
  const { east } = clusters;
  const patch = JSON.stringify({ spec: { trigger: { manual: tag } } });
  await east.kubectl(['-n', 'shop', 'patch', `${SOURCE}/db`, '--type=merge', '-p', patch]);
  await until(`${tag} came through`, east, SOURCE, ({ status }) => status?.lastManualSync === tag);
};
const untilIdle = () =>
  untilStatus(system, JOINT, 'nothing runs', ({ operation }) => operation === undefined, LONG_MS);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-joined-'));
  await writeFile(join(folder, 'template.yaml'), 'imagePullPolicy: Never\n');
  clusters = { east: await Cluster.start(), west: await Cluster.start() };
  await Wire.lay(clusters.east, clusters.west);
  const agentOf = async (name: 'east' | 'west') => {
    await bindAgent(clusters[name], ['shop']);
    await installVolSync(clusters[name], ['shop']);
    const kubeconfig = await writeAgentKubeconfig(clusters[name], join(folder, `${name}.kubeconfig`));
    const more = ['--namespaces', 'shop', '--volsync'];
    return clusterAgent(kubeconfig, join(folder, 'template.yaml'), ...more);
  };
  system = await TestSystem.start({ agents: { east: await agentOf('east'), west: await agentOf('west') } });
});
afterAll(async () => {
  await system?.stop();
  for (const cluster of Object.values(clusters ?? {})) await cluster.down();
  await rm(folder, { recursive: true, force: true });
});

/** As people carry a Secret from one cluster to the other. */
async function carryKeys(name: string): Promise<void> {
  const { east, west } = clusters;
  const text = await west.kubectl(['-n', 'shop', 'get', 'secret', name, '-o', 'json']);
  const { data } = JSON.parse(text) as { data: object };
  await east.apply({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', namespace: 'shop' }, data },
  });
}

const joinBoth = async () => {
  const { east, west } = clusters;
  await annotate(east, SOURCE, '=west/shop/db');
  await annotate(west, DESTINATION, '=east/shop/db');
  for (const [cluster, kind] of [
    [west, DESTINATION],
    [east, SOURCE],
  ] as const)
    await until('it is joined', cluster, kind, (seen) => conditionOf(seen, 'Joined')?.status === 'True');
};

it('two halves push and listen, each by itself', async () => {
  const { east, west } = clusters;
  await east.apply(makeClaim('db', { namespace: 'shop', size: '256Mi' }));
  await beside(east, 'db', 'dd if=/dev/urandom of=big bs=1M count=40 status=none && echo 1 > count && sync');
  await west.apply(RECEIVED);
  const { rsync } = await until('it listens', west, DESTINATION, ({ status }) =>
    Boolean(status?.rsync?.sshKeys),
  );
  await carryKeys(rsync?.sshKeys ?? '');
  const port = await west.kubectl([
    ...['-n', 'shop', 'get', 'services', '-o', 'jsonpath={.items[*].spec.ports[0].nodePort}'],
  ]);
  const sent = {
    ...{ copyMethod: 'Snapshot', sshKeys: 'keys', address: west.network.node(1), port: Number(port) },
  };
  await east.apply(
    resource('ReplicationSource', { sourcePVC: 'db', trigger: { manual: 'first' }, rsync: sent }),
  );
  await until('it was pushed', east, SOURCE, ({ status }) => status?.lastManualSync === 'first');
  await until('it has an image', west, DESTINATION, ({ status }) => status?.latestImage !== undefined);
});

it('joined, they are one relationship, and nothing is sent again', async () => {
  const { east, west } = clusters;
  const former = await until('it has an image', west, DESTINATION, () => true);
  await annotate(east, SOURCE, '=west/shop/db');
  const waiting = await until(
    'it waits',
    east,
    SOURCE,
    (seen) => conditionOf(seen, 'Joined')?.status === 'False',
  );
  expect(conditionOf({ status: waiting }, 'Joined')?.message).toContain(
    'kubectl annotate replicationdestinations.volsync.backube db --namespace shop tidemark.dev/joined-with=east/shop/db',
  );
  await joinBoth();
  const listed = await system.json<{ name: string }[]>('get');
  expect(listed.map(({ name }) => name)).toEqual([JOINT]);
  await beside(east, 'db', 'echo 2 > count && sync');
  await syncBy('second');
  const [newest] = await system.history(JOINT);
  expect(newest?.targets).toMatchObject([{ host: 'west', result: 'succeeded' }]);
  expect(newest?.targets[0]?.bytesSent).toBeLessThan(2 * MIB);
  const { latestImage } = await until(
    'the destination tells of it',
    west,
    DESTINATION,
    ({ status }) => status?.latestImage?.name !== former.latestImage?.name,
  );
  expect(latestImage?.name).toMatch(/^volsync-db-dst-\d{14}$/);
});

it('joined, they fail over, and back', async () => {
  const { east, west } = clusters;
  await carryOut<FailoverResult>(system, JOINT, 'failover', { target: 'west' });
  await untilIdle();
  for (const [cluster, kind] of [
    [west, DESTINATION],
    [east, SOURCE],
  ] as const)
    await until(
      'it tells',
      cluster,
      kind,
      (seen) => conditionOf(seen, 'Synchronizing')?.reason === 'FailedOver',
    );
  expect(await beside(west, 'volsync-db-dst', 'cat count && echo 3 > count && sync')).toBe('2');
  await carryOut<ReverseResult>(system, JOINT, 'reverse', {});
  await untilIdle();
  await carryOut<RelocateResult>(system, JOINT, 'relocate', { target: 'east' });
  await untilIdle();
  expect(await beside(east, 'db', 'cat count && echo 4 > count && sync')).toBe('3');
  await syncBy('home');
  expect(await beside(west, 'volsync-db-dst', 'cat count')).toBe('4');
});

it('parted, they go on as before', async () => {
  const { east, west } = clusters;
  await annotate(east, SOURCE, '-');
  await annotate(west, DESTINATION, '-');
  await beside(east, 'db', 'echo 5 > count && sync');
  await syncBy('parted');
  const [newest] = await system.history(JOINT);
  expect(newest?.targets[0]?.bytesSent).toBeLessThan(2 * MIB);
  expect(await beside(west, 'volsync-db-dst', 'cat count')).toBe('5');
});

it('a destination that is deleted while it is the primary leaves its claim, and the way home', async () => {
  const { east, west } = clusters;
  await joinBoth();
  await syncBy('joined again');
  await carryOut<FailoverResult>(system, JOINT, 'failover', { target: 'west' });
  await untilIdle();
  await beside(west, 'volsync-db-dst', 'echo 6 > count && sync');
  await west.kubectl(['-n', 'shop', 'delete', `${DESTINATION}/db`, '--timeout=60s']);
  await carryOut<ReverseResult>(system, JOINT, 'reverse', {});
  await untilIdle();
  await carryOut<RelocateResult>(system, JOINT, 'relocate', { target: 'east' });
  await untilIdle();
  expect(await beside(east, 'db', 'cat count')).toBe('6');
  expect(await beside(west, 'volsync-db-dst', 'cat count')).toBe('6');
});

it('a destination that is deleted while it is a copy leaves the source to go on by itself', async () => {
  const { east, west } = clusters;
  await west.apply(RECEIVED);
  await joinBoth();
  await west.kubectl(['-n', 'shop', 'delete', `${DESTINATION}/db`, '--timeout=60s']);
  await until(
    'it goes on by itself',
    east,
    SOURCE,
    (seen) => conditionOf(seen, 'Joined')?.status === 'False',
  );
  // What it has been asked for is done: it rests until it is asked for more.
  expect(await system.json<object[]>('get')).toEqual([]);
});
