/** What people have written for VolSync and Scribe, served unchanged: stores, by kubectl alone. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RelationshipSummary } from '../../../src/model/summary';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import { bindAgent, clusterAgent, installVolSync, writeAgentKubeconfig } from '../../support/cluster/agent';
import { reservePorts } from '../../support/hosts/ports';
import { addRcloneToPath, serveS3, type Served } from '../../support/stores/rclone';
import { addResticToPath, serveRest } from '../../support/stores/restic';
import { eventually, TestSystem } from '../../support/system/system';

jest.setTimeout(240_000);

let folder: string;
let cluster: Cluster;
let system: TestSystem;
let rest: Awaited<ReturnType<typeof serveRest>>;
let s3: Served;
const at = (...names: string[]) => join(folder, ...names);

const API = 'volsync.backube/v1alpha1';
type Kind = 'ReplicationSource' | 'ReplicationDestination';
const make = (kind: Kind, name: string, spec: object, apiVersion = API) => ({
  ...{ apiVersion, kind, metadata: { name, namespace: 'shop' } },
  spec,
});
const inShop = (...argv: string[]) => cluster.kubectl(['--namespace', 'shop', ...argv]);
const apply = (...objects: object[]) => cluster.apply(...objects);

interface Status {
  lastSyncTime?: string;
  lastSyncStartTime?: string;
  lastSyncDuration?: string;
  nextSyncTime?: string;
  lastManualSync?: string;
  latestImage?: { apiGroup: string; kind: string; name: string };
  latestMoverStatus?: { result?: string; logs?: string };
  conditions?: { type: string; status: string; reason: string; message: string }[];
}
const statusOf = async (kind: Kind, name: string, group = 'volsync'): Promise<Status> =>
  (
    JSON.parse(await inShop('get', `${kind.toLowerCase()}.${group}.backube/${name}`, '-o', 'json')) as {
      status?: Status;
    }
  ).status ?? {};
const conditionOf = async (kind: Kind, name: string) =>
  (await statusOf(kind, name)).conditions?.find(({ type }) => type === 'Synchronizing');
const untilTag = (kind: Kind, name: string, tag: string) =>
  eventually(
    `${kind} ${name} has synced for ${tag}`,
    async () => {
      const status = await statusOf(kind, name);
      if (status.lastManualSync !== tag) throw new Error(`it says ${JSON.stringify(status)}`);
      return status;
    },
    120_000,
  );
const untilReason = (kind: Kind, name: string, reason: string) =>
  eventually(
    `${kind} ${name} is ${reason}`,
    async () => {
      const condition = await conditionOf(kind, name);
      return condition?.reason === reason ? condition : undefined;
    },
    120_000,
  );
const inWriter = (script: string) => cluster.exec('shop', 'writer', ['sh', '-c', script]);

/** What a claim that is made of an image holds. */
async function readImage(name: string, snapshot: string): Promise<string> {
  await apply(
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'shop' } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '64Mi' } },
        dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot },
      },
    },
    makePod(name, { namespace: 'shop', files: [name] }),
  );
  await cluster.waitFor('condition=Ready', [`pod/${name}`], 'shop');
  return await cluster.exec('shop', name, ['sh', '-c', `cd /${name} && cat * 2>/dev/null; ls -A`]);
}

const RESTIC = { repository: 'restic-config', copyMethod: 'Snapshot' };
const RCLONE = {
  ...{ rcloneConfig: 'rclone-secret', rcloneConfigSection: 'store', rcloneDestPath: 'volsync-bucket' },
  copyMethod: 'Snapshot',
};
/** As the people who write these have them: the claim is the user's. */
const AS_USER = { moverSecurityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 } };

beforeAll(async () => {
  addResticToPath();
  addRcloneToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-volsync-'));
  cluster = await Cluster.start();
  const { outside } = cluster.network;
  const [restPort = 0, s3Port = 0] = await reservePorts(2);
  rest = await serveRest(at('rest'), restPort, outside);
  s3 = await serveS3(at('s3'), s3Port, outside);
  await mkdir(at('s3', 'volsync-bucket'), { recursive: true });
  await bindAgent(cluster, ['shop']);
  await inShop('annotate', 'namespace', 'shop', 'tidemark.dev/privileged-movers-');
  await installVolSync(cluster, ['shop']);
  const kubeconfig = await writeAgentKubeconfig(cluster, at('agent.kubeconfig'));
  await writeFile(at('template.yaml'), 'imagePullPolicy: Never\n');
  const more = ['--namespaces', 'shop', '--volsync'];
  system = await TestSystem.start({
    agents: { east: clusterAgent(kubeconfig, at('template.yaml'), ...more) },
  });
  await apply(
    ...Object.entries({
      'restic-config': {
        RESTIC_REPOSITORY: rest.url.replace('://', '://u:p@'),
        RESTIC_PASSWORD: 'correct-horse-battery',
      },
      'rclone-secret': { 'rclone.conf': s3.config },
    }).map(([name, stringData]) => ({
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'shop' } },
      stringData,
    })),
    makeClaim('data', { namespace: 'shop', size: '64Mi' }),
    makePod('writer', { namespace: 'shop', files: ['data'] }),
  );
  await cluster.waitFor('condition=Ready', ['pod/writer'], 'shop');
  await inWriter('echo one >/data/file; chown -R 1000:1000 /data; chmod 700 /data; sync');
});
afterAll(async () => {
  await system?.stop();
  await s3?.stop();
  await rest?.stop();
  await cluster?.down();
  await rm(folder, { recursive: true, force: true });
});

it('a backup by restic syncs once as it is made, whatever its schedule, and then waits for that', async () => {
  const trigger = { schedule: '0 0 1 1 *' };
  await apply(
    make('ReplicationSource', 'backup', { sourcePVC: 'data', trigger, restic: { ...RESTIC, ...AS_USER } }),
  );
  await untilReason('ReplicationSource', 'backup', 'WaitingForSchedule');
  const status = await statusOf('ReplicationSource', 'backup');
  expect(status.lastSyncTime).toBeDefined();
  expect(status.lastSyncStartTime).toBeUndefined();
  expect(status.lastSyncDuration).toMatch(/^(\d+m)?[\d.]+s$/);
  expect(status.nextSyncTime).toMatch(/-01-01T00:00:00Z$/);
  expect(status.latestMoverStatus).toMatchObject({ result: 'Successful' });
  expect(status.latestMoverStatus?.logs).toMatch(/Restic completed in \d+s/);
  const names = (await system.json<RelationshipSummary[]>('get')).map(({ name }) => name);
  expect(names).toEqual(['east.shop.backup.source']);
  // Nothing of the account that stands in the repository's URL.
  expect(JSON.stringify(await system.json('describe', 'east.shop.backup.source'))).not.toMatch(/u:p@|horse/);
});

it('what another operator has left in a status goes, and what it has told of syncs stays', async () => {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const theirs = {
    ...{ rsync: { address: '192.0.2.7', port: 22 }, lastSyncDuration: '3s' },
    conditions: [
      { type: 'Reconciled', status: 'True', reason: 'Complete', message: '', lastTransitionTime },
      { type: 'Synchronizing', status: 'False', reason: 'Error', message: 'theirs', lastTransitionTime },
    ],
  };
  const { lastSyncTime } = await statusOf('ReplicationSource', 'backup');
  const patch = ['--subresource=status', '--type=merge', '--patch', JSON.stringify({ status: theirs })];
  await inShop('patch', 'replicationsource.volsync.backube/backup', ...patch);
  await untilReason('ReplicationSource', 'backup', 'WaitingForSchedule');
  const status = await eventually('it is ours', async () => {
    const now = await statusOf('ReplicationSource', 'backup');
    return 'rsync' in now ? undefined : now;
  });
  expect(status.conditions?.map(({ type }) => type)).toEqual(['Synchronizing']);
  expect(status).toMatchObject({ lastSyncTime, lastSyncDuration: '3s' });
});

it('a restore by restic makes its claim and an image of it, for a tag', async () => {
  const restic = { ...RESTIC, ...AS_USER, capacity: '64Mi', accessModes: ['ReadWriteOnce'] };
  await apply(make('ReplicationDestination', 'restore', { trigger: { manual: 'once' }, restic }));
  const { latestImage } = await untilTag('ReplicationDestination', 'restore', 'once');
  expect(latestImage).toMatchObject({ apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot' });
  expect(latestImage?.name).toMatch(/^volsync-restore-dest-\d{14}$/);
  expect(await conditionOf('ReplicationDestination', 'restore')).toMatchObject({
    ...{ status: 'False', reason: 'WaitingForManual', message: 'Waiting for manual trigger' },
  });
  expect(await readImage('restored', latestImage?.name ?? '')).toMatch(/^one\n/);
  // The next one replaces it.
  await inWriter('echo two >/data/file; sync');
  await inShop(
    'patch',
    'replicationsource.volsync.backube/backup',
    '--type=merge',
    '-p',
    '{"spec":{"trigger":{"manual":"now"}}}',
  );
  await untilTag('ReplicationSource', 'backup', 'now');
  await inShop(
    'patch',
    'replicationdestination.volsync.backube/restore',
    '--type=merge',
    '-p',
    '{"spec":{"trigger":{"manual":"twice"}}}',
  );
  const later = await untilTag('ReplicationDestination', 'restore', 'twice');
  expect(later.latestImage?.name).not.toBe(latestImage?.name);
  expect(await readImage('restored-2', later.latestImage?.name ?? '')).toMatch(/^two\n/);
});

it('a restore of nothing comes through in its status, says so, and has no image', async () => {
  const restic = { ...RESTIC, ...AS_USER, capacity: '64Mi', accessModes: ['ReadWriteOnce'] };
  const asOf = { ...restic, restoreAsOf: '2001-01-01T00:00:00Z' };
  await apply(make('ReplicationDestination', 'nothing', { trigger: { manual: 'once' }, restic: asOf }));
  const status = await untilTag('ReplicationDestination', 'nothing', 'once');
  expect(status.latestImage).toBeUndefined();
  expect(status.latestMoverStatus).toMatchObject({ result: 'Successful' });
  expect(status.latestMoverStatus?.logs).toMatch(/=== No data will be restored ===/);
  expect(status.conditions).toContainEqual(
    expect.objectContaining({ type: 'RestoredNothing', status: 'True' }),
  );
});

it('rclone, to the root of a bucket and back', async () => {
  await apply(
    make('ReplicationSource', 'up', {
      sourcePVC: 'data',
      trigger: { manual: 'a' },
      rclone: { ...RCLONE, ...AS_USER },
    }),
  );
  await untilTag('ReplicationSource', 'up', 'a');
  const rclone = { ...RCLONE, ...AS_USER, capacity: '64Mi', accessModes: ['ReadWriteOnce'] };
  await apply(make('ReplicationDestination', 'down', { trigger: { manual: 'a' }, rclone }));
  const { latestImage } = await untilTag('ReplicationDestination', 'down', 'a');
  expect(latestImage?.name).toMatch(/^volsync-down-dest-\d{14}$/);
  expect(await readImage('downloaded', latestImage?.name ?? '')).toMatch(/^two\n/);
});

it('what can not be served says why, and goes on once that is mended', async () => {
  const source = (name: string, spec: object) =>
    make('ReplicationSource', name, { sourcePVC: 'data', ...spec });
  await apply(
    source('no-method', { trigger: { manual: 'a' } }),
    source('two-methods', { restic: RESTIC, rclone: RCLONE }),
    source('no-copy', { restic: { repository: 'restic-config' } }),
    source('foreign', { external: { provider: 'example.com/mover' } }),
    source('early', { trigger: { manual: 'a' }, restic: { ...RESTIC, ...AS_USER, repository: 'later' } }),
  );
  const messageOf = async (name: string) => (await untilReason('ReplicationSource', name, 'Error')).message;
  expect(await messageOf('no-method')).toMatch(
    /^a replication method must be specified - enabled movers: \[/,
  );
  expect(await messageOf('two-methods')).toMatch(/^a replication method must be specified/);
  expect(await messageOf('no-copy')).toBe(
    'unsupported copyMethod:  -- must be Direct, None, Clone, or Snapshot',
  );
  expect(await messageOf('early')).toMatch(/secrets "later" not found/);
  expect(await statusOf('ReplicationSource', 'foreign')).toEqual({});
  await apply({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'later', namespace: 'shop' } },
    stringData: {
      RESTIC_REPOSITORY: `${rest.url}-later`,
      RESTIC_PASSWORD: 'x',
      RESTIC_REST_USERNAME: 'u',
      RESTIC_REST_PASSWORD: 'p',
    },
  });
  await untilTag('ReplicationSource', 'early', 'a');
});

it('what was made for a resource goes with it, but for what people keep', async () => {
  const { latestImage } = await statusOf('ReplicationDestination', 'restore');
  await inShop('label', `volumesnapshot/${latestImage?.name}`, 'volsync.backube/do-not-delete=yes');
  await inShop(
    'delete',
    'replicationdestination.volsync.backube/restore',
    'replicationdestination.volsync.backube/down',
    '--timeout=60s',
  );
  await inShop('delete', 'replicationsource.volsync.backube', '--all', '--timeout=60s');
  await eventually(
    'what was made is gone',
    async () => {
      const left = await inShop(
        'get',
        'pvc,jobs,volumesnapshot',
        '-l',
        'app.kubernetes.io/created-by=volsync',
        '-o',
        'name',
      );
      return left.split('\n').every((each) => each === '' || each.includes('nothing')) ? true : undefined;
    },
    90_000,
  );
  expect(await inShop('get', 'volumesnapshot', '-o', 'name')).toContain(latestImage?.name);
  expect(await inShop('get', 'pvc/data', '-o', 'name')).toMatch(/data/);
});
