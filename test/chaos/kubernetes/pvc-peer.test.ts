/** A claim that is pushed to somebody else's account, with a key of a Secret, and host keys that its owner vouches for. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VerifyResult } from '../../../src/api/messages';
import { Cluster } from '../../cluster/cluster';
import {
  bindAgent,
  clusterAgent,
  listMade,
  makeSecrets,
  PASSING,
  writeAgentKubeconfig,
} from '../../support/cluster/agent';
import { PeerServer } from '../../support/stores/peer-server';
import { eventually, TestSystem } from '../../support/system/system';
import { applyAndSync, syncNow, syncWell, writeDocument } from '../../support/system/user';
import { compareTrees } from '../../support/trees/compare-trees';
import { makeNastyTree } from '../../support/trees/nasty-tree';

jest.setTimeout(300_000);

let folder: string;
let cluster: Cluster;
let system: TestSystem;
let nas: PeerServer;
const at = (...names: string[]) => join(folder, ...names);
const SOURCE = { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' as const };
const spec = () => ({ source: SOURCE, targets: [{ peer: nas.url('root', at('far')), credentials: 'nas' }] });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-pvc-peer-'));
  cluster = await Cluster.start();
  nas = await PeerServer.start({ isRootAlone: true, address: cluster.network.outside });
  await nas.letIn(at('credentials'), 'nas');
  await bindAgent(cluster, ['shop']);
  const kubeconfig = await writeAgentKubeconfig(cluster, at('agent.kubeconfig'));
  await writeFile(at('template.yaml'), 'imagePullPolicy: Never\n');
  const nas1 = { options: ['--address', cluster.network.outside] };
  const east = clusterAgent(kubeconfig, at('template.yaml'), '--namespaces', 'shop');
  system = await TestSystem.start({ agents: { east, nas1 } });
  await makeNastyTree(at('seed'));
  await applyAndSync(system, 'seed', {
    source: { host: 'nas1', directory: at('seed') },
    targets: [{ host: 'east', pvc: 'shop/data', capacity: '512Mi' }],
  });
  await system.retire('seed');
});
afterAll(async () => {
  await system?.stop();
  await cluster?.down();
  await nas?.dispose();
  await rm(folder, { recursive: true, force: true });
});

it('trusts nobody who is not pinned in the Secret, and says what to write there', async () => {
  const key = await readFile(at('credentials', 'nas', 'key'), 'utf8');
  await makeSecrets(cluster, 'shop', { nas: { 'ssh-privatekey': key } });
  await writeFile(at('wiki.yaml'), writeDocument('wiki', spec()));
  const { stderr } = await system.cli(['apply', '-f', at('wiki.yaml')]);
  expect(stderr).toMatch(/write to the field known_hosts of Secret shop\/nas: \[198\.18\./);
});

it('pushes a claim there, compares it, and brings it back into another claim', async () => {
  const key = await readFile(at('credentials', 'nas', 'key'), 'utf8');
  const known_hosts = await readFile(at('credentials', 'nas', 'known_hosts'), 'utf8');
  await makeSecrets(cluster, 'shop', { nas: { key, known_hosts } });
  const record = await applyAndSync(system, 'wiki', spec());
  expect(record.targets.map(({ failure }) => failure)).toEqual([undefined]);
  expect(await compareTrees(at('seed'), at('far'))).toEqual([]);
  const verified = await system.json<VerifyResult>('verify', 'wiki', '--target', 'peer');
  expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
  const again = await syncWell(system, 'wiki');
  expect(again.targets[0]?.stats).toMatchObject({ filesChanged: 0 });
  const argv = [
    'restore',
    'wiki',
    '--point',
    'latest',
    '--target',
    'peer',
    '--yes',
    '--to',
    'east:shop/found',
  ];
  expect(await system.cli(argv)).toMatchObject({ exitCode: 0 });
  await applyAndSync(system, 'out', {
    source: { host: 'east', pvc: 'shop/found' },
    targets: [{ host: 'nas1', directory: at('found') }],
  });
  expect(await compareTrees(at('seed'), at('found'))).toEqual([]);
});

it('reads the Secret anew, and leaves nothing behind', async () => {
  await makeSecrets(cluster, 'shop', { nas: { known_hosts: '' } });
  const refused = await syncNow(system, 'wiki');
  expect(refused.targets[0]?.failure).toMatchObject({ type: 'HostKeyMismatch' });
  await system.retire('wiki');
  await system.retire('out');
  await eventually('nothing is left in the cluster', async () =>
    (await listMade(cluster, PASSING)).length === 0 ? true : undefined,
  );
});
