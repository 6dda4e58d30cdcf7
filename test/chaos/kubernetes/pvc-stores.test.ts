/**
 * Claims and stores: into a repository and a bucket, and out of them into claims, with Secrets of the namespaces, by pods that
 * are told nothing else; what is kept of a bucket for the next time; and what nobody finds afterwards.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SyncRecord } from '../../../src/model/records';
import type { RelationshipInput } from '../../../src/model/spec';
import type { VerifyResult } from '../../../src/api/messages';
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod } from '../../cluster/objects';
import {
  bindAgent,
  clusterAgent,
  listMade,
  makeSecrets,
  PASSING,
  writeAgentKubeconfig,
} from '../../support/cluster/agent';
import { reservePorts } from '../../support/hosts/ports';
import { watchArguments } from '../../support/hosts/watch-arguments';
import { addRcloneToPath, KEYS, serveS3, type Served, writeConfig } from '../../support/stores/rclone';
import { addResticToPath, serveRest, writeCredentials } from '../../support/stores/restic';
import { eventually, TestSystem } from '../../support/system/system';
import { applyAndSync, syncNow, syncWell, writeDocument } from '../../support/system/user';
import { compareTrees } from '../../support/trees/compare-trees';
import { makeNastyTree } from '../../support/trees/nasty-tree';

jest.setTimeout(300_000);

const PASSWORD = 'correct-horse-battery';

let folder: string;
let cluster: Cluster;
let system: TestSystem;
let rest: Awaited<ReturnType<typeof serveRest>>;
let s3: Served;
const at = (...names: string[]) => join(folder, ...names);

const repository = () => ({ repository: rest.url, credentials: 'wiki-restic' });
const bucket = { bucket: 'store:backups/wiki', credentials: 'wiki-s3' };
const SOURCE = { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' as const };

const secrets = () => ({
  'wiki-restic': {
    RESTIC_PASSWORD: PASSWORD,
    RESTIC_REPOSITORY: rest.url,
    RESTIC_REST_USERNAME: 'u',
    RESTIC_REST_PASSWORD: 'p',
  },
  'wiki-s3': { 'rclone.conf': s3.config },
});

const failuresOf = ({ targets, ...record }: SyncRecord) => [
  ...('failure' in record ? [record.failure] : []),
  ...targets.flatMap(({ failure }) => (failure ? [failure] : [])),
];

async function syncsWell(name: string, spec: RelationshipInput['spec']): Promise<SyncRecord> {
  const record = await applyAndSync(system, name, spec);
  expect(failuresOf(record)).toEqual([]);
  expect(record.result).toBe('succeeded');
  return record;
}

/** A claim of the cluster, as a pod of the test sees it, as a tree of this machine. */
const inWriter = (script: string) => cluster.exec('shop', 'writer', ['sh', '-c', script]);

async function wellTyped(...argv: string[]): Promise<void> {
  const { exitCode, stderr } = await system.cli(argv);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
}

const restore = (name: string, target: string, to: string) =>
  wellTyped('restore', name, '--point', 'latest', '--target', target, '--to', to, '--yes');

const untilNothingIsLeft = (kinds = PASSING, except: RegExp = /tidemark-room-/) =>
  eventually('nothing is left in the cluster', async () =>
    (await listMade(cluster, kinds)).every((name) => except.test(name)) ? true : undefined,
  );

const listRooms = async () =>
  (await listMade(cluster, ['persistentvolumeclaims'])).filter((name) => name.includes('/tidemark-room-'));

/** What is in a claim, brought to this machine by a sync of its own. */
async function fetchClaim(endpoint: { host: string; pvc: string }, to: string): Promise<string> {
  await syncsWell('out', { source: endpoint, targets: [{ host: 'nas1', directory: at(to) }] });
  await system.retire('out');
  return at(to);
}

beforeAll(async () => {
  addResticToPath();
  addRcloneToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-pvc-stores-'));
  cluster = await Cluster.start();
  const { outside } = cluster.network;
  const [restPort = 0, s3Port = 0] = await reservePorts(2);
  rest = await serveRest(at('rest'), restPort, outside);
  s3 = await serveS3(at('s3'), s3Port, outside);
  await bindAgent(cluster, ['shop', 'spare']);
  const kubeconfig = await writeAgentKubeconfig(cluster, at('agent.kubeconfig'));
  await writeFile(at('template.yaml'), 'imagePullPolicy: Never\n');
  const agent = (namespace: string) =>
    clusterAgent(kubeconfig, at('template.yaml'), '--namespaces', namespace);
  await writeCredentials(at('credentials'), 'wiki-restic', secrets()['wiki-restic']);
  await writeConfig(at('credentials'), 'wiki-s3', s3.config);
  const nas1 = { options: ['--address', outside, '--credentials', at('credentials')] };
  system = await TestSystem.start({ agents: { east: agent('shop'), west: agent('spare'), nas1 } });
  await mkdir(at('seed'));
  await makeNastyTree(at('seed'));
  await cluster.apply(
    makeClaim('data', { namespace: 'shop', size: '256Mi' }),
    makePod('writer', { namespace: 'shop', files: ['data'] }),
  );
  await syncsWell('seed', {
    source: { host: 'nas1', directory: at('seed') },
    targets: [{ host: 'east', pvc: 'shop/seeded', capacity: '512Mi' }],
  });
  await system.retire('seed');
});
afterAll(async () => {
  await system?.stop();
  await cluster?.down();
  await rest?.stop();
  await s3?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('says at apply which Secret is missing, in which namespace, and what it is to have', async () => {
  const apply = async () => {
    await writeFile(
      at('wiki.yaml'),
      writeDocument('wiki', { source: SEEDED, targets: [repository(), bucket] }),
    );
    return (await system.cli(['apply', '-f', at('wiki.yaml')])).stderr;
  };
  expect(await apply()).toMatch(/may not read Secret shop\/wiki-restic[^]*agent-secrets\.yaml/);
  await makeSecrets(cluster, 'shop', { 'wiki-restic': { RESTIC_PASSWORD: '' }, 'wiki-s3': { other: 'x' } });
  const said = await apply();
  expect(said).toContain('add the field RESTIC_PASSWORD to Secret shop/wiki-restic');
  expect(said).toContain('credentials wiki-s3 have no remote store');
  expect(said).toContain('add a section [store] to the field rclone.conf of Secret shop/wiki-s3');
  await cluster.kubectl(['-n', 'shop', 'delete', 'secret', 'wiki-s3']);
  expect(await apply()).toContain('there is no Secret wiki-s3 in namespace shop');
});

const SEEDED = { ...SOURCE, pvc: 'shop/seeded' };

it('brings a claim into a repository and a bucket, which hold what the claim holds, and shows no secret to whoever lists processes', async () => {
  const watched = [PASSWORD, KEYS.secret].map(watchArguments);
  await Promise.all(watched.map(({ started }) => started));
  await makeSecrets(cluster, 'shop', secrets());
  await makeSecrets(cluster, 'spare', secrets());
  const record = await syncsWell('wiki', { source: SEEDED, targets: [repository(), bucket] });
  expect(await Promise.all(watched.map(({ stop }) => stop()))).toEqual([[], []]);
  expect(record.targets.map(({ stats }) => (stats?.totalFiles ?? 0) > 10)).toEqual([true, true]);
  for (const target of ['repository', 'bucket']) {
    const verified = await system.json<VerifyResult>('verify', 'wiki', '--target', target);
    expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
  }
  await untilNothingIsLeft();
});

it('reads a claim as another user than root, where that is all that the namespace allows', async () => {
  await cluster.kubectl(['annotate', 'namespace', 'shop', 'tidemark.dev/privileged-movers-']);
  await cluster.apply(makeClaim('plain', { namespace: 'shop' }));
  const plain = { host: 'east', pvc: 'shop/plain', runAs: '1000:1000' };
  await mkdir(at('plain'));
  await writeFile(at('plain', 'page'), 'of whoever');
  await syncsWell('plain-seed', { source: { host: 'nas1', directory: at('plain') }, targets: [plain] });
  await system.retire('plain-seed');
  const own = { ...bucket, bucket: 'store:backups/plain' };
  await syncsWell('plain', { source: plain, targets: [repository(), own] });
  for (const target of ['repository', 'bucket']) {
    const verified = await system.json<VerifyResult>('verify', 'plain', '--target', target);
    expect(verified).toMatchObject({ equal: true });
    await restore('plain', target, `east:shop/plain-${target}`);
  }
  await system.retire('plain');
  await cluster.kubectl(['annotate', 'namespace', 'shop', 'tidemark.dev/privileged-movers=true']);
  await untilNothingIsLeft();
});

it('leaves nothing behind where its agent is killed as it reads a point, and says the same thing afterwards', async () => {
  const verifying = system.json<VerifyResult>('verify', 'wiki', '--target', 'bucket');
  await eventually('room is made', async () =>
    (await listMade(cluster, ['pvc'])).some((name) => name.includes('/tidemark-reading-')) ? true : undefined,
  );
  await system.kill('agent:east');
  system.launch('agent:east');
  expect(await verifying).toMatchObject({ equal: true });
  await untilNothingIsLeft();
});

it('finds an unchanged claim unchanged, and reads a Secret anew that was changed', async () => {
  const record = await syncWell(system, 'wiki');
  for (const { stats } of record.targets) expect(stats).toMatchObject({ filesChanged: 0 });
  await makeSecrets(cluster, 'shop', { ...secrets(), 'wiki-restic': { RESTIC_PASSWORD: 'another' } });
  const refused = await syncNow(system, 'wiki');
  expect(failuresOf(refused)).toEqual([expect.objectContaining({ type: 'AuthRejected' })]);
  await makeSecrets(cluster, 'shop', secrets());
  await syncWell(system, 'wiki');
});

it('restores a point into a claim, which is made, also in another namespace; and to a machine', async () => {
  await restore('wiki', 'repository', 'east:shop/found');
  await restore('wiki', 'bucket', 'west:spare/found');
  await restore('wiki', 'repository', `nas1:${at('restored')}`);
  expect(await compareTrees(at('seed'), at('restored'))).toEqual([]);
  for (const [host, pvc] of [
    ['east', 'shop/found'],
    ['west', 'spare/found'],
  ] as const)
    expect(await compareTrees(at('seed'), await fetchClaim({ host, pvc }, `of-${host}`))).toEqual([]);
  await untilNothingIsLeft();
});

it('brings what is in a store into a claim, and keeps what it read there for the next time', async () => {
  for (const [name, store] of [
    ['by-restic', { ...repository(), snapshotsOf: 'wiki' }],
    ['by-rclone', bucket],
  ] as const) {
    await syncsWell(name, {
      source: { host: 'west', ...store },
      targets: [{ host: 'west', pvc: `spare/${name}`, capacity: '512Mi' }],
    });
    expect(
      await compareTrees(at('seed'), await fetchClaim({ host: 'west', pvc: `spare/${name}` }, name)),
    ).toEqual([]);
  }
  const rooms = await listRooms();
  expect(rooms).toHaveLength(2);
  for (const name of ['by-restic', 'by-rclone']) {
    const again = await syncWell(system, name);
    // restic sets the attributes of files again.
    expect(again.targets[0]?.stats).toMatchObject({ bytesChanged: 0 });
  }
  expect(await listRooms()).toEqual(rooms);
  for (const name of ['by-restic', 'by-rclone']) await system.retire(name);
  await untilNothingIsLeft(PASSING, /^$/);
});

it('goes from claim to claim by way of a bucket, to a machine too, and fetches what is new alone', async () => {
  await cluster.waitFor('condition=Ready', ['pod/writer'], 'shop');
  await inWriter('head -c 3000000 /dev/urandom > /data/large; echo first > /data/page; sync');
  const through = { bucket: 'store:backups/shop', credentials: 'wiki-s3' };
  await syncsWell('shop', {
    source: SOURCE,
    through,
    targets: [
      { host: 'west', pvc: 'spare/data', capacity: '256Mi' },
      { host: 'nas1', directory: at('edge') },
    ],
  });
  await inWriter('echo second > /data/page; sync');
  const record = await syncWell(system, 'shop');
  expect(record.targets.map(({ stats }) => stats?.filesChanged)).toEqual(
    [1, 1, 1].map(() => expect.any(Number) as number),
  );
  expect(await readFile(at('edge', 'page'), 'utf8')).toBe('second\n');
  const west = await fetchClaim({ host: 'west', pvc: 'spare/data' }, 'of-edge-claim');
  expect(await compareTrees(at('edge'), west)).toEqual([]);
  for (const target of ['west', 'nas1']) {
    const verified = await system.json<VerifyResult>('verify', 'shop', '--target', target);
    expect(verified).toMatchObject({ equal: true });
  }
  // The source is lost with its claim, and comes back as a copy: as large as the claim that took over.
  await cluster.kubectl(['--namespace', 'shop', 'delete', 'pod/writer', 'pvc/data', '--now']);
  await wellTyped('failover', 'shop', '--target', 'west', '--yes');
  await wellTyped('reverse', 'shop', '--yes');
  expect(await system.json<VerifyResult>('verify', 'shop', '--target', 'east')).toMatchObject({
    equal: true,
  });
  await system.retire('shop');
  await untilNothingIsLeft(PASSING, /^$/);
});

it('tells no secret to logs, histories or pods of others', async () => {
  const logs = await readdir(join(system.folder, 'log'));
  const texts = await Promise.all(logs.map((name) => readFile(join(system.folder, 'log', name), 'utf8')));
  const temporal = await readFile(join(system.folder, 'temporal.db'));
  for (const secret of [PASSWORD, KEYS.secret]) {
    expect(texts.filter((text) => text.includes(secret))).toEqual([]);
    expect(temporal.includes(secret)).toBe(false);
  }
});
