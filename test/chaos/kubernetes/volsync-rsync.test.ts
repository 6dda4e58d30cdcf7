/** rsync between two namespaces as people set it up for VolSync and Scribe: two resources, and a Secret that is carried over. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import { bindAgent, clusterAgent, installVolSync, writeAgentKubeconfig } from '../../support/cluster/agent';
import { eventually, TestSystem } from '../../support/system/system';

jest.setTimeout(240_000);

let folder: string;
let cluster: Cluster;
let system: TestSystem;
const at = (...names: string[]) => join(folder, ...names);

const make = (kind: string, namespace: string, name: string, spec: object, group = 'volsync') => ({
  ...{ apiVersion: `${group}.backube/v1alpha1`, kind, metadata: { name, namespace } },
  spec,
});

interface Status {
  lastManualSync?: string;
  lastSyncTime?: string;
  latestImage?: { kind: string; name: string };
  rsync?: { address?: string; sshKeys?: string };
}
async function statusOf(kind: string, namespace: string, name: string, group = 'volsync'): Promise<Status> {
  const resource = `${kind.toLowerCase()}.${group}.backube/${name}`;
  const text = await cluster.kubectl(['--namespace', namespace, 'get', resource, '-o', 'json']);
  return (JSON.parse(text) as { status?: Status }).status ?? {};
}
const until = (what: string, look: () => Promise<Status>, isSo: (status: Status) => boolean) =>
  eventually(
    what,
    async () => {
      const status = await look();
      if (!isSo(status)) throw new Error(`it says ${JSON.stringify(status)}`);
      return status;
    },
    150_000,
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-volsync-rsync-'));
  cluster = await Cluster.start();
  await bindAgent(cluster, ['shop', 'spare']);
  for (const namespace of ['shop', 'spare'])
    await cluster.kubectl(['annotate', 'namespace', namespace, 'tidemark.dev/privileged-movers-']);
  await installVolSync(cluster, ['shop', 'spare']);
  const kubeconfig = await writeAgentKubeconfig(cluster, at('agent.kubeconfig'));
  await writeFile(at('template.yaml'), 'imagePullPolicy: Never\n');
  const more = ['--namespaces', 'shop,spare', '--volsync'];
  system = await TestSystem.start({
    agents: { east: clusterAgent(kubeconfig, at('template.yaml'), ...more) },
  });
  await cluster.apply(
    makeClaim('data', { namespace: 'shop', size: '64Mi' }),
    makePod('writer', { namespace: 'shop', files: ['data'] }),
  );
  await cluster.waitFor('condition=Ready', ['pod/writer'], 'shop');
  await cluster.exec('shop', 'writer', ['sh', '-c', 'echo one >/data/file; chown 7:8 /data/file; sync']);
});
afterAll(async () => {
  await system?.stop();
  await cluster?.down();
  await rm(folder, { recursive: true, force: true });
});

it.each([
  ['volsync', 'volsync-of-volsync-dst'],
  ['scribe', 'scribe-dest-of-scribe'],
])('a destination of %s listens, and a source with its keys pushes to it', async (group, image) => {
  const name = `of-${group}`;
  const received = { copyMethod: 'Snapshot', capacity: '64Mi', accessModes: ['ReadWriteOnce'] };
  await cluster.apply(make('ReplicationDestination', 'spare', name, { rsync: received }, group));
  const look = () => statusOf('ReplicationDestination', 'spare', name, group);
  const { rsync } = await until('it listens', look, (status) =>
    Boolean(status.rsync?.address && status.rsync.sshKeys),
  );
  // As people carry it to the other cluster.
  const secret = JSON.parse(
    await cluster.kubectl(['--namespace', 'spare', 'get', 'secret', rsync?.sshKeys ?? '', '-o', 'json']),
  ) as { data: object };
  expect(Object.keys(secret.data).sort()).toEqual(['destination.pub', 'source', 'source.pub']);
  await cluster.apply({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: `keys-${group}`, namespace: 'shop' } },
    data: secret.data,
  });
  const sent = { copyMethod: 'Clone', address: rsync?.address, sshKeys: `keys-${group}` };
  const trigger = { manual: 'first' };
  await cluster.apply(
    make('ReplicationSource', 'shop', name, { sourcePVC: 'data', trigger, rsync: sent }, group),
  );
  await until(
    'it was pushed',
    () => statusOf('ReplicationSource', 'shop', name, group),
    ({ lastManualSync }) => lastManualSync === 'first',
  );
  const { latestImage } = await until('it has an image', look, (status) => status.latestImage !== undefined);
  expect(latestImage?.name).toMatch(new RegExp(`^${image}-\\d{14}$`));
  await cluster.apply(
    {
      ...{
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: `see-${group}`, namespace: 'spare' },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '64Mi' } },
        dataSource: {
          apiGroup: 'snapshot.storage.k8s.io',
          kind: 'VolumeSnapshot',
          name: latestImage?.name,
        },
      },
    },
    makePod(`see-${group}`, { namespace: 'spare', files: [`see-${group}`] }),
  );
  await cluster.waitFor('condition=Ready', [`pod/see-${group}`], 'spare');
  const seen = await cluster.exec('spare', `see-${group}`, [
    ...['sh', '-c', `cat /see-${group}/file && stat -c %u:%g /see-${group}/file`],
  ]);
  expect(seen.trim().split('\n')).toEqual(['one', '7:8']);
});
