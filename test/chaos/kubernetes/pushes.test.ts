/** A claim into which somebody else pushes, as a ReplicationSource of VolSync does: by rsync and ssh, from a pod of another namespace. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSshKey } from '../../../src/hosts/local/ssh-key';
import { readProgress } from '../../../src/client/follow';
import { Cluster } from '../../cluster/cluster';
import {
  bindAgent,
  clusterAgent,
  listMade,
  makeSecrets,
  PASSING,
  writeAgentKubeconfig,
} from '../../support/cluster/agent';
import { untilStatus } from '../../support/system/switching';
import { eventually, TestSystem } from '../../support/system/system';
import { writeDocument } from '../../support/system/user';

jest.setTimeout(300_000);

let folder: string;
let cluster: Cluster;
let system: TestSystem;
const at = (...names: string[]) => join(folder, ...names);

const SPEC = {
  source: { host: 'east', peer: 'ssh://shop-door:22', signal: 'volsync' as const, credentials: 'shop-door' },
  targets: [{ host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' as const, capacity: '512Mi' }],
};

/** Whoever pushes: rsync and ssh, and a Secret of keys. */
const pusher = (secret: string) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: secret, namespace: 'theirs' } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        ...{ name: 'pusher', image: 'tidemark.test/mover:1', imagePullPolicy: 'Never' },
        command: ['sh', '-c', 'mkdir -p /data && sleep infinity'],
        volumeMounts: [{ name: 'keys', mountPath: '/keys' }],
      },
    ],
    volumes: [{ name: 'keys', secret: { secretName: secret, defaultMode: 0o600 } }],
  },
});

const inPusher = (script: string, who = 'pusher') =>
  cluster.kubectl(['-n', 'theirs', 'exec', who, '--', 'sh', '-c', script]);

/** As the rsync source of VolSync does it: up to five tries, then the word that it is whole. */
const makeScript = (address: string, tries = 5, more = '') => `
echo "${address} $(cut -d' ' -f1,2 /keys/destination.pub)" > /tmp/known
ssh="ssh -i /keys/source -o UserKnownHostsFile=/tmp/known -o StrictHostKeyChecking=yes -o BatchMode=yes -o ConnectTimeout=5"
n=0; delay=2
until rsync -aAhHSxz --delete ${more} -e "$ssh" /data/ root@${address}:.; do
  n=$((n + 1)); [ $n -lt ${tries} ] || exit 1
  sleep $delay; delay=$((2 * delay))
done
$ssh root@${address} shutdown 0
`;

const push = (who?: string, tries?: number) => inPusher(makeScript(address, tries), who);
let address: string;

const pointsOf = () => system.json<{ id: string; capturedAt: string }[]>('points', 'shop');
const snapshots = () => listMade(cluster, ['volumesnapshots']);

/** What the agent says of the transfer that runs. */
async function phaseOfTransfer(): Promise<string | undefined> {
  const { operation } = await system.status('shop');
  if (!operation) return undefined;
  const { raw } = await (await system.client()).workflow.getHandle(operation.workflowId).describe();
  return (raw.pendingActivities ?? []).flatMap((each) => readProgress(each)?.phase ?? [])[0];
}

/** Until somebody is waited for. */
const untilItWaits = () =>
  eventually('a pod waits', async () => {
    return (await phaseOfTransfer()) === 'waiting' ? true : undefined;
  });

const untilItTransfers = () =>
  eventually('bytes move', async () => ((await phaseOfTransfer()) === 'transferring' ? true : undefined));

async function restoreNewest(): Promise<string> {
  const to = await mkdtemp(at('restored-'));
  const argv = ['restore', 'shop', '--point', 'latest', '--to', `nas1:${to}/tree`, '--yes'];
  expect(await system.cli(argv)).toMatchObject({ exitCode: 0 });
  return join(to, 'tree');
}

const startSync = async () => expect(await system.cli(['sync', 'shop'])).toMatchObject({ exitCode: 0 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-pushes-'));
  cluster = await Cluster.start();
  await bindAgent(cluster, ['shop', 'theirs']);
  const [host, source, other] = [makeSshKey(), makeSshKey(), makeSshKey()];
  await makeSecrets(cluster, 'shop', {
    'shop-door': {
      destination: host.privateFile,
      'destination.pub': `${host.publicLine}\n`,
      'source.pub': `${source.publicLine}\n`,
    },
  });
  const theirs = ({ privateFile, publicLine }: typeof source) => ({
    ...{ source: privateFile, 'source.pub': `${publicLine}\n` },
    'destination.pub': `${host.publicLine}\n`,
  });
  await makeSecrets(cluster, 'theirs', { pusher: theirs(source), stranger: theirs(other) });
  await cluster.apply(pusher('pusher'), pusher('stranger'));
  const kubeconfig = await writeAgentKubeconfig(cluster, at('agent.kubeconfig'));
  await writeFile(at('template.yaml'), 'imagePullPolicy: Never\n');
  const nas1 = { options: ['--address', cluster.network.outside] };
  const east = clusterAgent(kubeconfig, at('template.yaml'), '--namespaces', 'shop');
  system = await TestSystem.start({ agents: { east, nas1 } });
  await cluster.waitFor('condition=Ready', ['pod/pusher', 'pod/stranger'], 'theirs');
});
afterAll(async () => {
  await system?.stop();
  await cluster?.down();
  await rm(folder, { recursive: true, force: true });
});

it('has an address before anybody has pushed, and says that it waits for a push', async () => {
  await writeFile(at('shop.yaml'), writeDocument('shop', SPEC));
  expect(await system.cli(['apply', '-f', at('shop.yaml')])).toMatchObject({ exitCode: 0 });
  address = await eventually('the Service has an address', async () => {
    const argv = ['-n', 'shop', 'get', 'service', 'shop-door', '--ignore-not-found'];
    return (await cluster.kubectl([...argv, '-o', 'jsonpath={.spec.clusterIP}'])).trim() || undefined;
  });
  await untilItWaits();
  const [shown, described] = [await system.cli(['get']), await system.cli(['describe', 'shop'])];
  for (const { stdout } of [shown, described]) expect(stdout).toContain('AwaitingPush');
});

it('makes a point of each push that is whole, of what was pushed', async () => {
  await inPusher('echo one > /data/page; mkdir -p /data/d; ln -sf page /data/link; chown 1000:2000 /data/d');
  await push();
  await untilStatus(system, 'shop', 'it is idle', ({ operation }) => operation === undefined);
  expect(await pointsOf()).toHaveLength(1);
  expect(await readFile(join(await restoreNewest(), 'page'), 'utf8')).toBe('one\n');
  for (const [count, text] of [
    [2, 'two'],
    [3, 'three'],
  ] as const) {
    await startSync();
    await inPusher(`echo ${text} > /data/page`);
    await push();
    await untilStatus(system, 'shop', 'it is idle', ({ operation }) => operation === undefined);
    expect(await pointsOf()).toHaveLength(count);
    expect(await readFile(join(await restoreNewest(), 'page'), 'utf8')).toBe(`${text}\n`);
  }
});

it('lets nobody else in, and takes a push that was broken off for none', async () => {
  await startSync();
  await untilItWaits();
  await expect(push('stranger', 1)).rejects.toThrow('Permission denied (publickey)');
  const before = await snapshots();
  await inPusher('dd if=/dev/urandom of=/data/big bs=1M count=60 status=none; echo broken > /data/page');
  // Its rsync is killed as soon as something has come over.
  const pushing = inPusher(`${makeScript(address, 1, '--bwlimit=4000')}`);
  const broken = pushing.then(
    () => Promise.reject(new Error('it went through')),
    () => undefined,
  );
  await untilItTransfers();
  await inPusher(
    'for p in /proc/[0-9]*; do if grep -q ^rsync "$p/cmdline" 2>/dev/null; then kill -9 "${p#/proc/}"; fi; done',
  );
  await broken;
  expect(await snapshots()).toEqual(before);
  await inPusher('echo mended > /data/page');
  await push();
  await untilStatus(system, 'shop', 'it is idle', ({ operation }) => operation === undefined);
  expect(await readFile(join(await restoreNewest(), 'page'), 'utf8')).toBe('mended\n');
});

it('goes on where the agent is killed in the middle of a push', async () => {
  await startSync();
  await untilItWaits();
  await inPusher('dd if=/dev/urandom of=/data/big bs=1M count=40 status=none; echo later > /data/page');
  const pushing = inPusher(makeScript(address, 7, '--bwlimit=4000'));
  await untilItTransfers();
  await system.kill('agent:east');
  system.launch('agent:east');
  await pushing;
  await untilStatus(system, 'shop', 'it is idle', ({ operation }) => operation === undefined);
  expect(await readFile(join(await restoreNewest(), 'page'), 'utf8')).toBe('later\n');
});

it('takes the pod away where it is paused, and waits again afterwards', async () => {
  await startSync();
  await untilItWaits();
  expect(await system.cli(['pause', 'shop'])).toMatchObject({ exitCode: 0 });
  await eventually('no pod waits', async () =>
    (await listMade(cluster, ['pods', 'jobs'])).length === 0 ? true : undefined,
  );
  expect(await listMade(cluster, ['services'])).toEqual(['Service/shop/shop-door']);
  expect(await system.cli(['resume', 'shop'])).toMatchObject({ exitCode: 0 });
  await untilItWaits();
});

it('keeps nobody waiting who restores a point meanwhile', async () => {
  expect(await readFile(join(await restoreNewest(), 'page'), 'utf8')).toBe('later\n');
  await untilItWaits();
});

it('is gone with its relationship, the claim and its points apart', async () => {
  await system.retire('shop');
  await eventually('nothing is left in the cluster', async () =>
    (await listMade(cluster, PASSING)).length === 0 ? true : undefined,
  );
  expect(await snapshots()).not.toEqual([]);
});
