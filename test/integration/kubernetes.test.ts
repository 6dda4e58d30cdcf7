/**
 * Claims of a real cluster, walked through as their user does: in from a machine, from namespace to namespace, out again;
 * failover, reverse and relocation with the service that uses them; drill, restore, verify; stores; and an agent that is killed.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SyncRecord } from '../../src/model/records';
import type { DrillOutcome } from '../../src/model/status';
import type { FailoverResult, RelocateResult, ReverseResult, VerifyResult } from '../../src/api/messages';
import { Cluster } from '../cluster/cluster';
import { makePod } from '../cluster/objects';
import {
  bindAgent,
  clusterAgent,
  installVolSync,
  listMade,
  makeSecrets,
  PASSING,
  writeAgentKubeconfig,
} from '../support/cluster/agent';
import { reservePorts } from '../support/hosts/ports';
import { addRcloneToPath, serveS3 } from '../support/stores/rclone';
import { addResticToPath, serveRest } from '../support/stores/restic';
import { carryOut, untilStatus } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, syncNow, syncWell } from '../support/system/user';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

jest.setTimeout(300_000);

let folder: string;
let cluster: Cluster;
let system: TestSystem;
const at = (...names: string[]) => join(folder, ...names);

/** What uses a claim: writes once when it starts, as whoever was asked to start it there. */
const service = (namespace: string, replicas: number) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop', namespace } },
  spec: {
    replicas,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            ...{ name: 'shop', image: 'tidemark.test/mover:1', imagePullPolicy: 'Never' },
            command: [
              'sh',
              '-c',
              `trap 'exit 0' TERM; date >> /data/started-in-${namespace}; while :; do sleep 1; done`,
            ],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    },
  },
});

/** What a drill probes its copy with: a template that never runs by itself. */
const probe = (namespace: string) => ({
  ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'probe', namespace } },
  spec: {
    ...{ suspend: true, schedule: '0 0 1 1 *' },
    jobTemplate: {
      spec: {
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              {
                ...{ name: 'probe', image: 'tidemark.test/mover:1', imagePullPolicy: 'Never' },
                command: [
                  ...['sh', '-c'],
                  `echo "$TIDEMARK_VOLUME"; test -s /data/started-in-shop || { echo no service was here; exit 1; }`,
                ],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
          },
        },
      },
    },
  },
});

const SOURCE = {
  host: 'east',
  pvc: 'shop/data',
  copyMethod: 'Snapshot' as const,
  workloads: ['deployment/shop'],
};
const TARGET = { host: 'west', pvc: 'spare/data', workloads: ['deployment/shop'] };

const replicasOf = async (namespace: string) =>
  (
    await cluster.kubectl(['-n', namespace, 'get', 'deploy', 'shop', '-o', 'jsonpath={.spec.replicas}'])
  ).trim();
const inService = (namespace: string, ...argv: string[]) =>
  cluster.kubectl(['-n', namespace, 'exec', 'deploy/shop', '--', ...argv]);
const untilRunning = (namespace: string) =>
  cluster.kubectl(['-n', namespace, 'rollout', 'status', 'deploy/shop', '--timeout=60s']);
const untilNothingIsLeft = () =>
  eventually('nothing is left in the cluster', async () =>
    (await listMade(cluster, PASSING)).length === 0 ? true : undefined,
  );

const failuresOf = ({ targets }: SyncRecord) => targets.flatMap(({ failure }) => (failure ? [failure] : []));

/** The newest point of a target, as it is on this machine. */
async function restore(target: string, to: string): Promise<string> {
  const argv = ['restore', 'shop', '--point', 'latest', '--target', target, '--to', `nas1:${to}`, '--yes'];
  expect(await system.cli(argv)).toMatchObject({ exitCode: 0 });
  return to;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-kubernetes-'));
  cluster = await Cluster.start();
  await bindAgent(cluster, ['shop', 'spare']);
  await installVolSync(cluster, ['shop']);
  const kubeconfig = await writeAgentKubeconfig(cluster, at('agent.kubeconfig'));
  await writeFile(at('template.yaml'), 'imagePullPolicy: Never\n');
  const agent = (namespace: string, ...more: string[]) =>
    clusterAgent(kubeconfig, at('template.yaml'), '--namespaces', namespace, ...more);
  const nas1 = { options: ['--address', cluster.network.outside] };
  system = await TestSystem.start({
    agents: { east: agent('shop', '--volsync'), west: agent('spare'), nas1 },
  });
  await mkdir(at('seed'));
  await makeNastyTree(at('seed'));
});
afterAll(async () => {
  await system.stop();
  await cluster.down();
  await rm(folder, { recursive: true, force: true });
});

it('brings a tree from a machine into a claim, which is made', async () => {
  const record = await applyAndSync(system, 'seed', {
    source: { host: 'nas1', directory: at('seed') },
    targets: [{ host: 'east', pvc: 'shop/data', capacity: '512Mi' }],
  });
  expect(failuresOf(record)).toEqual([]);
  await system.retire('seed');
});

it('copies a claim that is in use to another, made as large, and to a machine, with all that it holds', async () => {
  await cluster.apply(service('shop', 1), service('spare', 0), probe('spare'));
  await untilRunning('shop');
  const targets = [TARGET, { host: 'nas1', directory: at('copy') }];
  const record = await applyAndSync(system, 'shop', {
    ...{ source: SOURCE, targets },
    hooks: { probeDrill: [{ job: 'cronjob/probe' }] },
  });
  expect(failuresOf(record)).toEqual([]);
  expect((await inService('shop', 'cat', '/data/started-in-shop')).split('\n')).toHaveLength(2);
  const differences = await compareTrees(at('seed'), await restore('west', at('restored')), {
    sparseness: true,
  });
  // But for what the service has written since.
  const [root, written, ...others] = differences;
  expect([root, written]).toEqual([
    expect.stringContaining('.: mtime'),
    expect.stringContaining('started-in-shop'),
  ]);
  expect(others).toEqual([]);
  expect(await compareTrees(at('restored'), at('copy'))).toEqual([]);
  const capacity = ['get', 'pvc', 'data', '-o', 'jsonpath={.spec.resources.requests.storage}'];
  expect(await cluster.kubectl(['-n', 'spare', ...capacity])).toBe(String(512 * 2 ** 20));
  await untilNothingIsLeft();
});

it('finds an unchanged claim unchanged, and the copy equal by checksum', async () => {
  const record = await syncWell(system, 'shop');
  for (const { stats } of record.targets) expect(stats).toMatchObject({ filesChanged: 0 });
  const verified = await system.json<VerifyResult>('verify', 'shop', '--target', 'west');
  expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
  await untilNothingIsLeft();
});

it('restores a point into a claim of its own, which is made', async () => {
  const argv = [
    'restore',
    'shop',
    '--point',
    'latest',
    '--target',
    'west',
    '--to',
    'west:spare/found',
    '--yes',
  ];
  const restored = await system.cli(argv);
  expect(restored).toMatchObject({ exitCode: 0 });
  expect(restored.stdout).toContain('west:spare/found');
  const again = await system.cli(argv);
  expect(again.stderr).toContain('spare/found is not empty');
  const taken = await system.cli([...argv.slice(0, -2), 'west:spare/data', '--overwrite', '--yes']);
  expect(taken.stderr).toContain('the claim is the target of shop');
});

it('rehearses on a claim made of a point, which a Job probes, and removes both', async () => {
  const rehearse = () => carryOut<DrillOutcome>(system, 'shop', 'drill', { target: 'west' });
  const outcome = await rehearse();
  expect(outcome).toMatchObject({ result: 'succeeded', how: 'Snapshot' });
  expect(outcome.rtoSeconds).toBeGreaterThan(0);
  await untilNothingIsLeft();
  // The copy alone is what it looks at.
  await inService('shop', 'rm', '/data/started-in-shop');
  await syncWell(system, 'shop');
  expect(await rehearse()).toMatchObject({
    result: 'failed',
    failure: { type: 'HookFailed', toolMessage: expect.stringContaining('no service was here') as unknown },
  });
  await inService('shop', 'sh', '-c', 'date > /data/started-in-shop');
  await syncWell(system, 'shop');
  await untilNothingIsLeft();
});

it('fails over to the claim in the other namespace, with the service that uses it', async () => {
  const { takeover } = await carryOut<FailoverResult>(system, 'shop', 'failover', { target: 'west' });
  expect(takeover).toMatchObject({ fenced: true });
  expect([await replicasOf('shop'), await replicasOf('spare')]).toEqual(['0', '1']);
  await untilRunning('spare');
  expect(await inService('spare', 'cat', '/data/started-in-shop')).not.toBe('');
  await inService('spare', 'sh', '-c', 'echo order > /data/ordered-there');
});

it('brings the old primary back into step, and moves home again without losing anything', async () => {
  await carryOut<ReverseResult>(system, 'shop', 'reverse', { acceptDiverged: true });
  await carryOut<RelocateResult>(system, 'shop', 'relocate', { target: 'east' });
  expect([await replicasOf('shop'), await replicasOf('spare')]).toEqual(['1', '0']);
  await untilRunning('shop');
  expect(await inService('shop', 'cat', '/data/ordered-there')).toBe('order\n');
});

it('brings a claim into a repository and a bucket, with Secrets, and from there into another claim', async () => {
  addResticToPath();
  addRcloneToPath();
  const { outside } = cluster.network;
  const [restPort = 0, s3Port = 0] = await reservePorts(2);
  const rest = await serveRest(at('rest'), restPort, outside);
  const s3 = await serveS3(at('s3'), s3Port, outside);
  const login = { RESTIC_REST_USERNAME: 'u', RESTIC_REST_PASSWORD: 'p' };
  const restic = { RESTIC_PASSWORD: 'correct horse', RESTIC_REPOSITORY: rest.url, ...login };
  for (const namespace of ['shop', 'spare'])
    await makeSecrets(cluster, namespace, { restic, s3: { 'rclone.conf': s3.config } });
  const record = await applyAndSync(system, 'stores', {
    source: { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' },
    targets: [
      { repository: rest.url, credentials: 'restic' },
      { bucket: 'store:backups/shop', credentials: 's3' },
    ],
  });
  expect(failuresOf(record)).toEqual([]);
  const verified = await system.json<VerifyResult>('verify', 'stores', '--target', 'repository');
  expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
  const argv = ['restore', 'stores', '--point', 'latest', '--target', 'bucket', '--yes', '--to'];
  expect(await system.cli([...argv, 'west:spare/brought'])).toMatchObject({ exitCode: 0 });
  await system.retire('stores');
  await Promise.all([rest.stop(), s3.stop()]);
});

it('serves the resources of somebody who comes from VolSync: a backup, and what restores it', async () => {
  addResticToPath();
  const [port = 0] = await reservePorts(1);
  const rest = await serveRest(at('theirs'), port, cluster.network.outside);
  const login = { RESTIC_REST_USERNAME: 'u', RESTIC_REST_PASSWORD: 'p' };
  const theirs = { RESTIC_PASSWORD: 'their own', RESTIC_REPOSITORY: rest.url, ...login };
  await makeSecrets(cluster, 'shop', { theirs });
  await cluster.kubectl(['annotate', 'namespace', 'shop', 'volsync.backube/privileged-movers=true']);
  const made = { apiVersion: 'volsync.backube/v1alpha1', metadata: { name: 'orders', namespace: 'shop' } };
  const restic = { repository: 'theirs', copyMethod: 'Snapshot' };
  const into = { ...restic, copyMethod: 'Direct', capacity: '1Gi', accessModes: ['ReadWriteOnce'] };
  const trigger = { manual: 'once' };
  const inShop = (...argv: string[]) => cluster.kubectl(['-n', 'shop', ...argv]);
  const untilDone = (plural: string) =>
    eventually(`${plural} has synced`, async () => {
      const text = await inShop('get', `${plural}.volsync.backube/orders`, '-o', 'jsonpath={.status}');
      const status = JSON.parse(text || '{}') as {
        lastManualSync?: string;
        latestMoverStatus?: { result: string };
      };
      if (status.lastManualSync !== 'once') throw new Error(text);
      return status;
    });
  await cluster.apply({ ...made, kind: 'ReplicationSource', spec: { sourcePVC: 'data', trigger, restic } });
  const { latestMoverStatus } = await untilDone('replicationsources');
  expect(latestMoverStatus?.result).toBe('Successful');
  await cluster.apply({ ...made, kind: 'ReplicationDestination', spec: { trigger, restic: into } });
  await untilDone('replicationdestinations');
  await cluster.apply(makePod('beside', { namespace: 'shop', files: ['volsync-orders-dest'] }));
  await cluster.waitFor('condition=Ready', ['pod/beside'], 'shop');
  const brought = ['wc', '-l', '/volsync-orders-dest/started-in-shop'];
  expect(Number.parseInt(await cluster.exec('shop', 'beside', brought), 10)).toBeGreaterThan(0);
  await inShop('delete', 'pod', 'beside', '--grace-period=1');
  for (const kind of ['replicationsources', 'replicationdestinations'])
    await inShop('delete', `${kind}.volsync.backube/orders`, '--timeout=60s');
  await untilNothingIsLeft();
  await rest.stop();
});

it('resumes where the agent of a cluster is killed in the middle of a transfer, and leaves nothing behind', async () => {
  await inService('shop', 'sh', '-c', 'dd if=/dev/urandom of=/data/big bs=1M count=200 status=none');
  const syncing = syncNow(system, 'shop');
  await eventually('bytes move', async () => {
    const { operation } = await system.status('shop');
    const isSending = (await listMade(cluster, ['services', 'jobs'])).length > 1;
    return operation && isSending ? true : undefined;
  });
  await system.kill('agent:east');
  system.launch('agent:east');
  expect(await syncing).toMatchObject({ result: 'succeeded' });
  await untilStatus(system, 'shop', 'it is idle', ({ operation }) => operation === undefined);
  const verified = await system.json<VerifyResult>('verify', 'shop', '--target', 'west');
  expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
  await untilNothingIsLeft();
});

it('leaves the points of a relationship that is deleted, and nothing else', async () => {
  await system.retire('shop');
  await untilNothingIsLeft();
  const left = await listMade(cluster, ['volumesnapshots']);
  expect(left.length).toBeGreaterThan(0);
  for (const name of left) expect(name).toMatch(/^VolumeSnapshot\/(shop|spare)\/tidemark-point-/);
});
