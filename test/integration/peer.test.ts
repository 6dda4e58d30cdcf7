/** A folder of somebody else's beside an ordinary copy: pushed to, compared, brought back without the source, never failed over to. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RestoreResult, VerifyResult } from '../../src/api/messages';
import type { RelationshipInput } from '../../src/model/spec';
import { type CuttingProxy, startCuttingProxy } from '../support/hosts/cutting-proxy';
import { reservePorts } from '../support/hosts/ports';
import { PeerServer } from '../support/stores/peer-server';
import { carryOut } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, parseError, syncNow, syncWell, writeDocument } from '../support/system/user';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

jest.setTimeout(180_000);

let folder: string;
let server: PeerServer;
let system: TestSystem;
let far: string;
let port = 0;
let way: CuttingProxy;
const at = (...names: string[]) => join(folder, ...names);
const openWay = async () => {
  way = await startCuttingProxy(server.port, { cutAfter: Infinity, how: 'cut', listen: port });
};

const spec = (more: object = {}): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('source') },
  targets: [
    { host: 'beta', directory: at('copy') },
    { peer: server.url('root', `${far}/wiki`, port), credentials: 'nas', ...more },
  ],
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-peer-system-'));
  server = await PeerServer.start({ isRootAlone: true });
  far = await server.makeFolder('volume1');
  [port = 0] = await reservePorts(1);
  await server.letIn(at('credentials'), 'nas', undefined, port);
  await openWay();
  const options = ['--credentials', at('credentials')];
  system = await TestSystem.start({ agents: { alpha: { options }, beta: { options }, gamma: {} } });
  await makeNastyTree(at('source'));
});
afterAll(async () => {
  await system?.stop();
  await way?.close();
  await server?.dispose();
  await rm(folder, { recursive: true, force: true });
});

const outcomeOf = (record: Awaited<ReturnType<typeof syncNow>>, wanted = 'peer') =>
  record.targets.find(({ name }) => name === wanted);

it('is refused where its key is missing, with what to do', async () => {
  const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], {
    stdin: writeDocument('wiki', spec({ credentials: 'none' })),
  });
  expect(ran.exitCode).toBe(2);
  expect(parseError(ran).problems).toEqual([
    expect.stringMatching(/alpha.*credentials none: there is no file/),
  ]);
});

it('gets what the source holds, as the other target does, and is compared to the last byte', async () => {
  const record = await applyAndSync(system, 'wiki', spec());
  expect(record.targets.map(({ name, result, failure }) => ({ name, result, failure }))).toEqual([
    { name: 'beta', result: 'succeeded' },
    { name: 'peer', result: 'succeeded' },
  ]);
  expect(outcomeOf(record)?.leftOut).toBeUndefined();
  expect(await compareTrees(at('source'), join(far, 'wiki'))).toEqual([]);
  const verified = await system.json<VerifyResult>('verify', 'wiki', '--target', 'peer');
  expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
});

it('has one point, the newest, and says so', async () => {
  const { targets } = await syncWell(system, 'wiki');
  expect(targets.find(({ name }) => name === 'peer')?.stats).toMatchObject({ filesChanged: 0 });
  const points = await system.points('wiki');
  expect(points.filter(({ target }) => target === 'peer')).toEqual([
    expect.objectContaining({ method: 'Direct' }),
  ]);
});

it('shows nothing of its key in any history', async () => {
  const key = (await readFile(at('credentials', 'nas', 'key'), 'utf8')).split('\n')[1] ?? '';
  expect(key.length).toBeGreaterThan(60);
  const database = await readFile(join(system.folder, 'temporal.db'), 'latin1');
  expect(database).not.toContain(key);
  expect(database).toContain('credentials');
});

it('is no place that a service could go on at: a failover goes to the copy, and never there', async () => {
  const refused = await system.cli(['failover', 'wiki', '--target', 'peer', '--yes']);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('no service can go on in it');
  expect(refused.stderr).toContain('tidemark restore wiki --target peer');
});

it('that is away is missed alone, and synced by itself once it is back', async () => {
  await way.close();
  await writeFile(at('source', 'content'), 'while it was away');
  const record = await syncNow(system, 'wiki');
  expect(record.targets.map(({ name, failure }) => ({ name, type: failure?.type }))).toEqual([
    { name: 'beta', type: undefined },
    { name: 'peer', type: 'HostUnreachable' },
  ]);
  await openWay();
  await eventually('it is synced without being asked for', async () => {
    const content = await readFile(join(far, 'wiki', 'content'), 'utf8').catch(() => '');
    return content === 'while it was away' ? true : undefined;
  });
});

it('goes on where it was when the agent was killed in the middle', async () => {
  await writeFile(at('source', 'big'), randomBytes(48 * 2 ** 20));
  const before = way.bytesSent();
  const syncing = syncNow(system, 'wiki').catch((error: unknown) => error);
  await eventually('some of it is on its way', async () =>
    way.bytesSent() - before > 4 * 2 ** 20 ? true : undefined,
  );
  await system.kill('agent:alpha');
  system.launch('agent:alpha');
  await syncing;
  await eventually('it is whole', async () => {
    const found = await compareTrees(at('source'), join(far, 'wiki')).catch(() => ['being written']);
    return found.length === 0 ? true : undefined;
  });
  await syncWell(system, 'wiki');
});

it('is written to by the new primary after a failover', async () => {
  await carryOut(system, 'wiki', 'failover', {});
  await writeFile(at('copy', 'written-at-beta'), 'x');
  await carryOut(system, 'wiki', 'reverse', { acceptDiverged: true });
  const { targets } = await syncWell(system, 'wiki');
  expect(targets.map(({ name, host }) => `${name} by ${host}`)).toEqual(['alpha by alpha', 'peer by beta']);
  expect(await readFile(join(far, 'wiki', 'written-at-beta'), 'utf8')).toBe('x');
});

it('brings its state back to any host that has its credentials, with the primary gone', async () => {
  await system.kill('agent:beta');
  const argv = ['restore', 'wiki', '--point', 'latest', '--target', 'peer', '--yes'];
  const restored = await system.json<RestoreResult>(...argv, '--to', `alpha:${at('found')}`);
  expect(restored.files).toBeGreaterThan(10);
  expect(await compareTrees(at('copy'), at('found'))).toEqual([]);
  const part = ['--path', 'content', '--to', `alpha:${at('part')}`];
  await system.json<RestoreResult>(...argv, ...part);
  expect(await readFile(at('part', 'content'))).toEqual(await readFile(at('copy', 'content')));
  const without = await system.cli([...argv, '--to', `gamma:${at('nowhere')}`]);
  expect(without.stderr).toContain('credentials nas: this agent has none');
  system.launch('agent:beta');
});

it('that holds data of somebody else is not touched before that is approved', async () => {
  await writeFile(join(await server.makeFolder('photos'), 'photo'), 'of somebody');
  const photos = join(server.folder, 'photos');
  await applyAndSync(system, 'other', {
    source: { host: 'alpha', directory: at('source') },
    targets: [{ peer: server.url('root', photos, port), credentials: 'nas' }],
  }).then((record) => {
    expect(outcomeOf(record)?.failure).toMatchObject({ type: 'ApprovalRequired' });
  });
  expect(await readdir(photos)).toEqual(['photo']);
});

it('is given up with its relationship, and what it holds stays', async () => {
  await eventually('beta answers', async () => {
    const { exitCode } = await system.cli(['verify', 'wiki', '--target', 'alpha']);
    return exitCode === 0 ? true : undefined;
  });
  await system.retire('wiki');
  const state = JSON.parse(await readFile(join(far, 'wiki', '.tidemark', 'state.json'), 'utf8')) as object;
  expect(state).toMatchObject({ claims: {}, released: { relationship: 'wiki' } });
  expect(await readdir(join(far, 'wiki'))).toContain('content');
});
