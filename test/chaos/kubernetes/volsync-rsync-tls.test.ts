/** rsyncTLS between two namespaces as people set it up for VolSync: two resources, and a key that is carried over; and halves of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import { bindAgent, clusterAgent, installVolSync, writeAgentKubeconfig } from '../../support/cluster/agent';
import { makeSharedKey } from '../../support/rigs/tls-pusher';
import { eventually, TestSystem } from '../../support/system/system';

jest.setTimeout(300_000);

let folder: string;
let cluster: Cluster;
let system: TestSystem;
const at = (...names: string[]) => join(folder, ...names);

const RECEIVED = { copyMethod: 'Snapshot', capacity: '64Mi', accessModes: ['ReadWriteOnce'] };

const make = (kind: string, namespace: string, name: string, spec: object) => ({
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind, metadata: { name, namespace } },
  spec,
});
const makeSecret = (namespace: string, name: string, data: object) => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data },
});

interface Status {
  lastManualSync?: string;
  latestImage?: { kind: string; name: string };
  latestMoverStatus?: { result?: string; logs?: string };
  rsyncTLS?: { address?: string; keySecret?: string };
  conditions?: { message: string }[];
}
async function statusOf(kind: string, namespace: string, name: string): Promise<Status> {
  const resource = `${kind.toLowerCase()}.volsync.backube/${name}`;
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
const untilPushed = (name: string, tag: string) =>
  until(
    'it was pushed',
    () => statusOf('ReplicationSource', 'shop', name),
    ({ lastManualSync }) => lastManualSync === tag,
  );

/** A destination, once it says where it listens, and its key as it is in the Secret. */
async function listen(name: string, spec: object = {}) {
  await cluster.apply(make('ReplicationDestination', 'spare', name, { rsyncTLS: { ...RECEIVED, ...spec } }));
  const { rsyncTLS } = await until(
    'it listens',
    () => statusOf('ReplicationDestination', 'spare', name),
    (status) => Boolean(status.rsyncTLS?.address),
  );
  return { address: rsyncTLS?.address ?? '', keySecret: rsyncTLS?.keySecret };
}

async function carryKey(secret: string): Promise<object> {
  const text = await cluster.kubectl(['--namespace', 'spare', 'get', 'secret', secret, '-o', 'json']);
  return (JSON.parse(text) as { data: object }).data;
}

const push = (name: string, rsyncTLS: object, tag = 'first') =>
  cluster.apply(
    make('ReplicationSource', 'shop', name, { sourcePVC: 'data', trigger: { manual: tag }, rsyncTLS }),
  );

/** What the image of a destination holds. */
async function readImage(name: string, script: string, before?: string): Promise<string> {
  const { latestImage } = await until(
    'it has an image',
    () => statusOf('ReplicationDestination', 'spare', name),
    (status) => status.latestImage !== undefined && status.latestImage.name !== before,
  );
  const see = `see-${name}${before === undefined ? '' : '-again'}`;
  const dataSource = {
    ...{ apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: latestImage?.name },
  };
  await cluster.apply(
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: see, namespace: 'spare' } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '64Mi' } },
        dataSource,
      },
    },
    makePod(see, { namespace: 'spare', files: [see] }),
  );
  await cluster.waitFor('condition=Ready', [`pod/${see}`], 'spare');
  return (await cluster.exec('spare', see, ['sh', '-c', `cd /${see} && ${script}`])).trim();
}

const annotate = (value: string) =>
  Promise.all(
    ['shop', 'spare'].map((namespace) =>
      cluster.kubectl([
        ...['annotate', '--overwrite', 'namespace', namespace],
        `volsync.backube/privileged-movers${value}`,
      ]),
    ),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-volsync-tls-'));
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
  const script = 'cd /data; echo one >file; ln -s /an/absolute link; chown 7:8 file; sync';
  await cluster.exec('shop', 'writer', ['sh', '-c', script]);
});
afterAll(async () => {
  await system?.stop();
  await cluster?.down();
  await rm(folder, { recursive: true, force: true });
});

const LOOK = 'cat file && readlink link && stat -c %u:%g file';

it('a destination listens, and a source with its key pushes to it, neither of them root', async () => {
  const { address, keySecret } = await listen('plain');
  expect(keySecret).toBe('volsync-rsync-tls-plain');
  const data = await carryKey('volsync-rsync-tls-plain');
  expect(Object.keys(data)).toEqual(['psk.txt']);
  await cluster.apply(makeSecret('shop', 'key', data));
  await push('plain', { copyMethod: 'Clone', address, keySecret: 'key' });
  const { latestMoverStatus } = await untilPushed('plain', 'first');
  expect(latestMoverStatus?.logs).toMatch(/rsync completed in \d+s/);
  expect((await readImage('plain', LOOK)).split('\n')).toEqual(['one', '/an/absolute', '65534:65534']);
  const { latestImage } = await statusOf('ReplicationDestination', 'spare', 'plain');
  const change = 'cd /data; echo two >file; ln -sf elsewhere link; mkdir more; echo x >more/x; sync';
  await cluster.exec('shop', 'writer', ['sh', '-c', change]);
  await push('plain', { copyMethod: 'Clone', address, keySecret: 'key' }, 'second');
  await untilPushed('plain', 'second');
  const seen = await readImage('plain', 'cat file more/x && readlink link', latestImage?.name);
  expect(seen.split('\n')).toEqual(['two', 'x', 'elsewhere']);
  const back = 'cd /data; echo one >file; ln -sf /an/absolute link; rm -r more; chown 7:8 file; sync';
  await cluster.exec('shop', 'writer', ['sh', '-c', back]);
});

it('keeps owners where movers may be root, with a key that both were given', async () => {
  await annotate('=true');
  const key = { 'psk.txt': Buffer.from(makeSharedKey()).toString('base64') };
  await cluster.apply(makeSecret('shop', 'given', key), makeSecret('spare', 'given', key));
  const { address, keySecret } = await listen('root', { keySecret: 'given' });
  expect(keySecret).toBeUndefined();
  await push('root', { copyMethod: 'Snapshot', address, keySecret: 'given' });
  await untilPushed('root', 'first');
  expect((await readImage('root', LOOK)).split('\n')).toEqual(['one', '/an/absolute', '7:8']);
  await annotate('-');
});

/** As VolSync's own source does it, through a stunnel that listens in its pod. */
const THEIR_PUSH = `set -e
cat >/tmp/stunnel.conf <<END
foreground = no
pid = /tmp/stunnel.pid
output = /tmp/stunnel.log
syslog = no
[rsync]
ciphers = PSK
PSKsecrets = $1
accept = 127.0.0.1:9000
client = yes
connect = $2:8000
END
stunnel /tmp/stunnel.conf
end() { code=$?; kill "$(cat /tmp/stunnel.pid)"; sleep 1; exit "$code"; }
trap end EXIT
cd /data
rsync -aAhHSxz --exclude=lost+found --itemize-changes --info=stats2,misc2 ./* rsync://127.0.0.1:9000/data
rsync -rx --exclude=lost+found --ignore-existing --ignore-non-existing --delete --itemize-changes ./ rsync://127.0.0.1:9000/data
rsync /etc/passwd rsync://127.0.0.1:9000/control/complete
`;

it('takes what VolSync’s own source would push, and nothing of somebody with another key', async () => {
  const { address } = await listen('theirs');
  const data = (await carryKey('volsync-rsync-tls-theirs')) as Record<string, string>;
  const key = Buffer.from(data['psk.txt'] ?? '', 'base64').toString();
  const writeKey = (name: string, text: string) =>
    cluster.exec('shop', 'writer', ['sh', '-c', 'umask 077; printf %s "$2" >"/tmp/$1"', 'sh', name, text]);
  await writeKey('own', key);
  await writeKey('wrong', makeSharedKey());
  const pushAs = (name: string) =>
    cluster.exec('shop', 'writer', ['sh', '-c', THEIR_PUSH, 'sh', `/tmp/${name}`, address]);
  await expect(pushAs('wrong')).rejects.toThrow();
  expect(await statusOf('ReplicationDestination', 'spare', 'theirs')).not.toHaveProperty('latestImage');
  await eventually('it is let in', () => pushAs('own'), 60_000);
  expect((await readImage('theirs', LOOK)).split('\n')).toEqual(['one', '/an/absolute', '65534:65534']);
});

it('says that a key is another one', async () => {
  const { address } = await listen('strange');
  const key = { 'psk.txt': Buffer.from(makeSharedKey()).toString('base64') };
  await cluster.apply(makeSecret('shop', 'another', key));
  await push('strange', { copyMethod: 'Clone', address, keySecret: 'another' });
  await until(
    'it says so',
    () => statusOf('ReplicationSource', 'shop', 'strange'),
    ({ conditions = [] }) =>
      conditions.some(({ message }) => message.includes('does not have the key of its credentials')),
  );
});
