/** Five hundred resources of VolSync: all are told of, and what rests asks the API server for little; an agent that was away catches up. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import { bindAgent, clusterAgent, installVolSync, writeAgentKubeconfig } from '../../support/cluster/agent';
import { reservePorts } from '../../support/hosts/ports';
import { addRcloneToPath } from '../../support/stores/rclone';
import { addResticToPath, serveRest } from '../../support/stores/restic';
import { eventually, TestSystem } from '../../support/system/system';

jest.setTimeout(900_000);

const LONG_MS = 400_000;
const MINUTE_MS = 60_000;
const SERVED = 10;
const WRONG = 5;
const PAUSED = 485;

let folder: string;
let cluster: Cluster;
let system: TestSystem;
let rest: Awaited<ReturnType<typeof serveRest>>;

const source = (name: string, spec: object) => ({
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind: 'ReplicationSource' },
  ...{ metadata: { name, namespace: 'shop' }, spec },
});
const restic = (index: number) => ({ repository: `store-${index}`, copyMethod: 'Clone' });
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** How many resources there are, by the reason of their condition. */
async function countReasons(): Promise<Record<string, number>> {
  const text = await cluster.kubectl([
    '-n',
    'shop',
    'get',
    'replicationsources.volsync.backube',
    '-o',
    'json',
  ]);
  const { items } = JSON.parse(text) as { items: { status?: { conditions?: { reason: string }[] } }[] };
  const counts: Record<string, number> = {};
  for (const { status } of items) {
    const reason = status?.conditions?.[0]?.reason ?? 'none';
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}
const untilReasons = (wanted: Record<string, number>) =>
  eventually(
    'all are as they are to be',
    async () => {
      const counts = await countReasons();
      expect(counts).toEqual(wanted);
      return true;
    },
    LONG_MS,
    3000,
  );

/** What the API server was asked for until now; watches count as they end. */
async function countRequests(): Promise<number> {
  const metrics = await cluster.kubectl(['get', '--raw', '/metrics']);
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('apiserver_request_total{'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
async function requestsOfAMinute(): Promise<number> {
  const before = await countRequests();
  await sleep(MINUTE_MS);
  return (await countRequests()) - before;
}

beforeAll(async () => {
  addResticToPath();
  addRcloneToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-many-'));
  cluster = await Cluster.start();
  const { outside } = cluster.network;
  const [port = 0] = await reservePorts(1);
  rest = await serveRest(join(folder, 'rest'), port, outside);
  await bindAgent(cluster, ['shop']);
  await installVolSync(cluster, ['shop']);
  const kubeconfig = await writeAgentKubeconfig(cluster, join(folder, 'agent.kubeconfig'));
  await writeFile(join(folder, 'template.yaml'), 'imagePullPolicy: Never\n');
  const more = ['--namespaces', 'shop', '--volsync'];
  system = await TestSystem.start({
    agents: { east: clusterAgent(kubeconfig, join(folder, 'template.yaml'), ...more) },
  });
  const secrets = range(SERVED).map((index) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: `store-${index}`, namespace: 'shop' } },
    stringData: { RESTIC_REPOSITORY: `${rest.url}-${index}`, RESTIC_PASSWORD: 'correct-horse-battery' },
  }));
  await cluster.apply(
    ...secrets,
    makeClaim('data', { namespace: 'shop' }),
    makePod('writer', { namespace: 'shop', files: ['data'] }),
  );
  await cluster.waitFor('condition=Ready', ['pod/writer'], 'shop');
  await cluster.exec('shop', 'writer', ['sh', '-c', 'echo one >/data/file; sync']);
});
afterAll(async () => {
  await system?.stop();
  await rest?.stop();
  await cluster?.down();
  await rm(folder, { recursive: true, force: true });
});

it('all of them are told of, and at rest they ask for little', async () => {
  const trigger = { schedule: '0 0 1 1 *' };
  await cluster.apply(
    ...range(SERVED).map((index) =>
      source(`served-${index}`, { sourcePVC: 'data', trigger, restic: restic(index) }),
    ),
    ...range(WRONG).map((index) =>
      source(`wrong-${index}`, { sourcePVC: 'later', trigger, restic: restic(index) }),
    ),
    ...range(PAUSED).map((index) =>
      source(`paused-${index}`, { sourcePVC: 'data', paused: true, trigger, restic: restic(index % SERVED) }),
    ),
  );
  await untilReasons({ WaitingForSchedule: SERVED, Error: WRONG, Paused: PAUSED });
  await sleep(MINUTE_MS);
  process.kill(system.pid('agent:east'), 'SIGSTOP');
  const without = await requestsOfAMinute();
  process.kill(system.pid('agent:east'), 'SIGCONT');
  await sleep(10_000);
  const withAgent = await requestsOfAMinute();
  await writeFile(
    join(tmpdir(), 'tidemark-many-requests'),
    `${without} without, ${withAgent} with the agent\n`,
  );
  expect(withAgent - without).toBeLessThan(SERVED + WRONG + PAUSED);
});

it('an agent that was away carries out what was changed meanwhile', async () => {
  await system.kill('agent:east');
  await cluster.kubectl([
    ...['-n', 'shop', 'delete', 'replicationsources.volsync.backube', '--wait=false'],
    ...range(200).map((index) => `paused-${index}`),
  ]);
  await cluster.kubectl([
    ...['-n', 'shop', 'patch', 'replicationsources.volsync.backube/served-0', '--type=merge'],
    ...['-p', JSON.stringify({ spec: { paused: true } })],
  ]);
  await cluster.apply(makeClaim('later', { namespace: 'shop' }));
  system.launch('agent:east');
  await untilReasons({ WaitingForSchedule: SERVED + WRONG - 1, Paused: PAUSED - 200 + 1 });
});
