/** Somebody who knows rsync and ssh alone pushes, and what they push becomes recovery points of a relationship. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RelationshipInput } from '../../src/model/spec';
import { reservePorts } from '../support/hosts/ports';
import { Pusher, waitFor } from '../support/rigs/door-rig';
import { attempt, carryOut, untilStatus } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, parseError, syncNow, writeDocument } from '../support/system/user';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

jest.setTimeout(180_000);

let folder: string;
let system: TestSystem;
let pusher: Pusher;
const at = (...names: string[]) => join(folder, ...names);

const spec = (source: object = {}): RelationshipInput['spec'] => ({
  source: {
    ...{
      host: 'beta',
      peer: `ssh://127.0.0.1:${pusher.port}${at('incoming')}`,
      credentials: 'nas',
      signal: 'volsync',
    },
    ...source,
  },
  targets: [
    { host: 'gamma', directory: at('copy') },
    { host: 'beta', directory: at('second') },
  ],
  objectives: { rpo: '1s' },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-door-system-'));
  const [port = 0] = await reservePorts(1);
  pusher = new Pusher(folder, port);
  await mkdir(at('credentials/nas'), { recursive: true });
  await writeFile(at('credentials/nas/authorized_keys'), await pusher.prepare(), { mode: 0o644 });
  await mkdir(at('incoming'));
  await makeNastyTree(pusher.at('tree'));
  const options = ['--credentials', at('credentials')];
  system = await TestSystem.start({ agents: { beta: { options }, gamma: {} } });
});
afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

const untilCopied = (content: string, copy = 'copy') =>
  eventually(`${copy} holds what was pushed`, async () =>
    (await readFile(at(copy, 'page'), 'utf8').catch(() => '')) === content ? true : undefined,
  );
const pointsOf = async (target: string) =>
  (await system.points('wiki')).filter((point) => point.target === target);

it('is refused with every reason at once', async () => {
  const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], {
    stdin: writeDocument('wiki', spec({ credentials: 'none', peer: `ssh://192.0.2.1:22${at('nowhere')}` })),
  });
  expect(ran.exitCode).toBe(2);
  const problems = (parseError(ran).problems ?? []).join('\n');
  expect(problems).toMatch(/nobody can listen on 192\.0\.2\.1, port 22: .*EADDRNOTAVAIL/);
  expect(problems).toMatch(/credentials none: there is no file/);
  expect(problems).toMatch(/does not exist; make it/);
});

it('waits for the first push, and says how that is done', async () => {
  const { targets } = await applyAndSync(system, 'wiki', spec());
  expect(targets.map(({ failure }) => failure?.type)).toEqual(['PushAwaited', 'PushAwaited']);
  expect(targets[0]?.failure?.hint).toMatch(/whoever pushes runs: rsync .*shutdown 0; .*and pins: /);
  const { json } = await system.cli(['get', 'wiki', '-o', 'json']).then(({ stdout }) => ({ json: stdout }));
  expect(json).toContain('PushAwaited');
});

it('makes a point of each push that is completed, by itself, as old as the push', async () => {
  await writeFile(pusher.at('page'), 'one');
  const before = new Date().toISOString();
  expect((await pusher.pushAsVolsync()).code).toBe(0);
  const after = new Date().toISOString();
  await untilCopied('one');
  await untilCopied('one', 'second');
  await untilStatus(system, 'wiki', 'the sync has ended', ({ operation }) => operation === undefined);
  expect(await compareTrees(at('incoming'), at('copy'))).toEqual([]);
  const [{ capturedAt = '' } = {}] = await pointsOf('gamma');
  expect(capturedAt > before && capturedAt < after).toBe(true);
  expect(await system.json('verify', 'wiki', '--target', 'gamma')).toMatchObject({ equal: true });
  // Later syncs of the same push make it no younger.
  expect((await syncNow(system, 'wiki')).capturedAt).toBe(capturedAt);
});

it('tells of a push that is overdue as of any copy that is too old', async () => {
  const told = await eventually('it is down', async () => {
    const { exitCode, stdout } = await system.cli(['get', 'wiki', '--check']);
    return exitCode === 2 ? stdout : undefined;
  });
  expect(told).toMatch(/gamma.*lag .+ > 3 x rpo 1\.0s/);
});

it('publishes nothing of a push that is under way, whoever is killed, and goes on once it is completed', async () => {
  const points = (await pointsOf('gamma')).length;
  await writeFile(pusher.at('page'), 'second');
  await writeFile(pusher.at('big'), randomBytes(2 ** 22));
  const pushing = pusher.begin(['--bwlimit=700']);
  await waitFor('it writes', async () =>
    (await readdir(at('incoming'))).some((name) => name.startsWith('.big')) ? true : undefined,
  );
  const { targets } = await syncNow(system, 'wiki');
  expect(targets[0]?.failure?.message).toContain('a push is under way, since');
  await system.kill('agent:beta');
  system.launch('agent:beta');
  pushing.kill('SIGKILL');
  await eventually('it is told that the push was broken off', async () => {
    const { failure } = (await syncNow(system, 'wiki')).targets[0] ?? {};
    return /broken off|without success/.test(failure?.message ?? '') ? true : undefined;
  });
  expect(await readFile(at('copy', 'page'), 'utf8')).toBe('one');
  expect((await pointsOf('gamma')).length).toBe(points);
  expect((await pusher.pushAsVolsync()).code).toBe(0);
  await untilCopied('second');
  const copied = await readFile(at('copy', 'big'));
  expect(copied.equals(await readFile(pusher.at('big')))).toBe(true);
});

it('loses no push that was completed while nobody was there to hear of it', async () => {
  await untilStatus(system, 'wiki', 'nothing runs', ({ operation }) => operation === undefined);
  await writeFile(pusher.at('page'), 'third');
  expect((await pusher.push()).code).toBe(0);
  // The door's own programs outlive the agent, and so does a connection that was begun.
  await system.kill('agent:gamma');
  expect((await pusher.ask(['shutdown', '0'])).code).toBe(0);
  await system.kill('agent:beta');
  system.launch('agent:beta');
  system.launch('agent:gamma');
  await untilCopied('third');
});

it('is failed over from, refuses whoever pushes then, and is never sent anything', async () => {
  await untilStatus(system, 'wiki', 'nothing runs', ({ operation }) => operation === undefined);
  const relocated = await system.cli(['relocate', 'wiki', '--target', 'gamma', '--yes']);
  expect(relocated.stderr).toContain('somebody else pushes there');
  await carryOut(system, 'wiki', 'failover', { target: 'gamma' });
  expect((await pusher.push()).stderr).toContain('wiki has failed over to a copy of this');
  await expect(attempt(system, 'wiki', 'reverse')).rejects.toMatchObject({
    cause: { message: expect.stringContaining('nothing is ever sent back to it') as unknown },
  });
});
