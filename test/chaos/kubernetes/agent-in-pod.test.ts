/**
 * An agent that runs in the cluster that it speaks for, as `deploy/kubernetes` has it: with nothing but its service account, not
 * as root; and that is deleted with its pod in the middle of a transfer, also with all that it knew.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { VerifyResult } from '../../../src/api/messages';
import { Cluster } from '../../cluster/cluster';
import { MOVER_IMAGE } from '../../cluster/images';
import { makeClaim, makePod } from '../../cluster/objects';
import { bindAgent, listMade, PASSING } from '../../support/cluster/agent';
import { start, untilStatus } from '../../support/system/switching';
import { eventually, TestSystem } from '../../support/system/system';
import { applyAndSync, syncWell } from '../../support/system/user';

jest.setTimeout(300_000);

const PROJECT = resolve(__dirname, '../../..');
/** There is no image of the agent: its pod has the project, and the libraries of this machine. */
const FROM_MACHINE = [PROJECT, '/usr', '/lib', '/lib64'];

let folder: string;
let cluster: Cluster;
let system: TestSystem;

interface AgentSet {
  spec: {
    template: {
      spec: {
        containers: [{ args: string[]; env: { name: string; value: string }[]; volumeMounts: object[] }];
        volumes: object[];
      };
    };
  };
}

async function deployAgent(): Promise<void> {
  const text = await readFile(join(PROJECT, 'deploy/kubernetes/agent.yaml'), 'utf8');
  const agent = parse(text) as AgentSet;
  const { spec } = agent.spec.template;
  const [container] = spec.containers;
  const nameOf = (path: string) => `machine${path.replaceAll(/[^a-z0-9]/g, '-')}`.slice(0, 63);
  const told: Record<string, string> = {
    TEMPORAL_ADDRESS: `${cluster.network.outside}:${system.env.TEMPORAL_ADDRESS?.split(':')[1] ?? ''}`,
  };
  Object.assign(container, {
    ...{ image: MOVER_IMAGE, imagePullPolicy: 'Never' },
    command: [join(PROJECT, 'node_modules/node/bin/node'), join(PROJECT, 'bin/tidemark.mjs')],
    args: [
      ...container.args.map((arg) =>
        arg.startsWith('--mover-image') ? `--mover-image=${MOVER_IMAGE}` : arg,
      ),
      '--limit=60s',
    ],
    env: container.env.map(({ name, value }) => ({ name, value: told[name] ?? value })),
    volumeMounts: [
      ...container.volumeMounts,
      ...FROM_MACHINE.map((path) => ({ name: nameOf(path), mountPath: path, readOnly: true })),
    ],
  });
  spec.volumes.push(...FROM_MACHINE.map((path) => ({ name: nameOf(path), hostPath: { path } })));
  await cluster.apply(agent);
}

const untilAgentRuns = () =>
  cluster.kubectl([
    ...['-n', 'tidemark', 'rollout', 'status', 'statefulset/tidemark-agent', '--timeout=120s'],
  ]);
const kubectl = (...argv: string[]) => cluster.kubectl(['-n', 'tidemark', ...argv]);
const write = (megabytes: number) =>
  cluster.exec('shop', 'writer', [
    ...[
      'sh',
      '-c',
      `dd if=/dev/urandom of=/data/big bs=1M count=${megabytes} status=none; date > /data/now; sync`,
    ],
  ]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-agent-in-pod-'));
  cluster = await Cluster.start();
  system = await TestSystem.start({
    temporalIp: '0.0.0.0',
    agents: { nas1: { options: ['--address', cluster.network.outside] } },
  });
  await bindAgent(cluster, ['shop']);
  await cluster.apply(
    makeClaim('data', { namespace: 'shop', size: '256Mi' }),
    makePod('writer', { namespace: 'shop', files: ['data'] }),
  );
  await cluster.waitFor('condition=Ready', ['pod/writer'], 'shop');
  await deployAgent();
  await untilAgentRuns();
});
afterAll(async () => {
  await system?.stop();
  await cluster?.down();
  await rm(folder, { recursive: true, force: true });
});

async function expectEqual(): Promise<void> {
  for (const target of ['east', 'nas1']) {
    const verified = await system.json<VerifyResult>('verify', 'shop', '--target', target);
    expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
  }
  await eventually('nothing is left in the cluster', async () =>
    (await listMade(cluster, PASSING)).length === 0 ? true : undefined,
  );
}

it('brings a claim to another one, and to a machine', async () => {
  await write(20);
  await applyAndSync(system, 'shop', {
    source: { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' },
    targets: [
      { host: 'east', pvc: 'shop/copy' },
      { host: 'nas1', directory: join(folder, 'copy') },
    ],
    mover: { rsync: { bandwidthLimit: '10MiB', compress: 'none' } },
  });
  await expectEqual();
});

it.each([
  ['its pod', ['delete', 'pod', 'tidemark-agent-0', '--force', '--grace-period=0']],
  ['its pod, and all that it knew', ['delete', 'pvc/state-tidemark-agent-0', 'pod/tidemark-agent-0']],
])('goes on where it loses %s in the middle of a transfer', async (_, blow) => {
  await write(100);
  const startedAt = new Date().toISOString();
  const workflowId = await start(system, 'shop', 'sync');
  await eventually(
    'bytes move',
    async () => {
      const client = await system.client();
      const { raw } = await client.workflow.getHandle(workflowId).describe();
      return (
        raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'transfer') || undefined
      );
    },
    120_000,
    50,
  );
  await kubectl(...blow);
  await untilStatus(
    system,
    'shop',
    'a sync has succeeded since',
    ({ operation, lastSync }) =>
      !operation && lastSync?.result === 'succeeded' && lastSync.endedAt > startedAt,
    240_000,
  );
  await untilAgentRuns();
  await syncWell(system, 'shop');
  await expectEqual();
});
