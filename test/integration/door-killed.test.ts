/** A door whose agent, sshd or relationship is ended in the middle: nothing torn is published, nobody is kept out, and nothing is lost. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RelationshipInput } from '../../src/model/spec';
import { reservePorts } from '../support/hosts/ports';
import { ended, execute, Pusher, waitFor } from '../support/rigs/door-rig';
import { untilStatus } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, syncNow, writeDocument } from '../support/system/user';
import { compareTrees } from '../support/trees/compare-trees';

jest.setTimeout(180_000);

let folder: string;
let system: TestSystem;
let pusher: Pusher;
let ports: number[];
const at = (...names: string[]) => join(folder, ...names);
const SLOWLY = { mover: { rsync: { bandwidthLimit: '1MiB' } } };

const spec = (more: Partial<RelationshipInput['spec']> = {}, source = {}): RelationshipInput['spec'] => ({
  source: {
    ...{ host: 'beta', peer: `ssh://127.0.0.1:${pusher.port}${at('incoming')}`, credentials: 'nas' },
    ...source,
  },
  targets: [{ host: 'gamma', directory: at('copy') }],
  ...more,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-door-killed-'));
  ports = await reservePorts(2);
  pusher = new Pusher(folder, ports[0] ?? 0);
  for (const name of ['nas', 'other']) await mkdir(at('credentials', name), { recursive: true });
  await writeFile(at('credentials/nas/authorized_keys'), await pusher.prepare(), { mode: 0o644 });
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('other')]);
  await execute('cp', [at('other.pub'), at('credentials/other/authorized_keys')]);
  for (const name of ['incoming', 'elsewhere']) await mkdir(at(name));
  const options = ['--credentials', at('credentials')];
  system = await TestSystem.start({ agents: { beta: { options }, gamma: {} } });
  await applyAndSync(system, 'wiki', spec());
});
afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

const untilIdle = () =>
  untilStatus(system, 'wiki', 'nothing runs', ({ operation }) => operation === undefined);
const untilCopied = (content: string) =>
  eventually(`the copy holds ${content}`, async () =>
    (await readFile(at('copy', 'page'), 'utf8').catch(() => '')) === content ? true : undefined,
  );
const doors = () => join(system.agentHome('beta'), 'doors');
const doorFile = async (name: string) => {
  const [door = ''] = await readdir(doors());
  return join(doors(), door, name);
};
const untilItWrites = (where: string) =>
  waitFor('it writes', async () =>
    (await readdir(at(where))).some((name) => name.startsWith('.big')) ? true : undefined,
  );
/** Pushes, and tells what whoever pushes is told meanwhile. */
function begin(options?: string[], key?: string) {
  const child = pusher.begin(options, '.', key);
  const told = { text: '' };
  child.stderr?.on('data', (chunk: Buffer) => (told.text += chunk.toString()));
  return { child, told, done: ended(child) };
}
const write = async (page: string, bytes = 2 ** 22) => {
  await writeFile(pusher.at('page'), page);
  await writeFile(pusher.at('big'), randomBytes(bytes));
};
const restart = async (wait: () => Promise<unknown> = () => Promise.resolve()) => {
  await system.kill('agent:beta');
  await wait();
  system.launch('agent:beta');
};
const untilOpen = (key?: string) =>
  waitFor('the door is open', async () =>
    (await pusher.ask(['id'], key)).stderr.includes('tidemark: ') ? true : undefined,
  );

it('killed in the middle of a transfer, its agent goes on with it, and only then lets in the next push', async () => {
  await system.apply(writeDocument('wiki', spec(SLOWLY)));
  await write('one');
  expect((await pusher.push()).code).toBe(0);
  await eventually('it is sent', async () =>
    (await readdir(at('copy')).catch(() => [])).some((name) => name.includes('big')) ? true : undefined,
  );
  await restart();
  await untilOpen();
  await write('two');
  const next = begin();
  await waitFor('it has to wait', () => (next.told.text.includes('being copied') ? true : undefined));
  expect(await readFile(at('incoming', 'page'), 'utf8')).toBe('one');
  expect((await next.done).code).toBe(0);
  // The push goes on once the folder is given back; that the sync came through is noted a moment later.
  await eventually('what was pushed first is a point', async () =>
    (await system.points('wiki')).length > 0 ? true : undefined,
  );
  await untilCopied('two');
  await untilIdle();
  expect(await compareTrees(pusher.at(''), at('copy'))).toEqual([]);
  await system.apply(writeDocument('wiki', spec()));
});

it('killed while somebody pushes, its agent ends nothing: the push comes to its end, and is copied once the agent is back', async () => {
  await untilIdle();
  await write('three');
  const push = begin(['--bwlimit=2000']);
  await untilItWrites('incoming');
  await restart(async () => expect(await push.done).toMatchObject({ code: 0 }));
  await untilCopied('three');
  expect(await compareTrees(pusher.at(''), at('copy'))).toEqual([]);
});

it('killed while a push waits for a sync, its agent finds both again', async () => {
  await untilIdle();
  await system.apply(writeDocument('wiki', spec(SLOWLY)));
  await write('four');
  expect((await pusher.push()).code).toBe(0);
  await write('five');
  const waiting = begin();
  await waitFor('it has to wait', () => (waiting.told.text.includes('being copied') ? true : undefined));
  await restart();
  expect((await waiting.done).code).toBe(0);
  await untilCopied('five');
  await untilIdle();
  await system.apply(writeDocument('wiki', spec()));
});

it('lets nobody wait for a sync that is no more: terminated while the agent was away', async () => {
  await untilIdle();
  await system.apply(writeDocument('wiki', spec(SLOWLY)));
  await write('six', 2 ** 24);
  expect((await pusher.push()).code).toBe(0);
  const { operation } = await untilStatus(system, 'wiki', 'it syncs', (status) => !!status.operation);
  await eventually('it reads', async () =>
    (await readdir(await doorFile('readers'))).some((name) => name.startsWith('sync-')) ? true : undefined,
  );
  await restart(async () => {
    expect((await system.cli(['pause', 'wiki'])).exitCode).toBe(0);
    const client = await system.client();
    await client.workflow.getHandle(operation?.workflowId ?? '').terminate('a test');
    await untilIdle();
  });
  await write('seven');
  await untilOpen();
  expect((await pusher.push()).code).toBe(0);
  await system.apply(writeDocument('wiki', spec()));
  expect((await system.cli(['resume', 'wiki'])).exitCode).toBe(0);
  await untilCopied('seven');
});

it('killed alone, its sshd is back within seconds, and ends no push', async () => {
  await untilIdle();
  await write('eight');
  const push = begin(['--bwlimit=2000']);
  await untilItWrites('incoming');
  const pid = Number(await readFile(await doorFile('sshd/sshd.pid'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  await untilOpen();
  expect(Number(await readFile(await doorFile('sshd/sshd.pid'), 'utf8'))).not.toBe(pid);
  expect((await push.done).code).toBe(0);
  await untilCopied('eight');
});

it('killed with everything that takes it, a push is not published, and the next one is not kept out', async () => {
  await untilIdle();
  await write('nine');
  const push = begin(['--bwlimit=700']);
  await untilItWrites('incoming');
  const { stdout } = await execute('pgrep', ['-f', `rsync --server .*`]);
  for (const pid of stdout.split('\n').filter((line) => line !== '')) {
    const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (environ.includes(`TIDEMARK_ATTEMPT=door:${doors()}`)) process.kill(Number(pid), 'SIGKILL');
  }
  expect((await push.done).code).not.toBe(0);
  const { targets } = await syncNow(system, 'wiki');
  expect(targets[0]?.failure?.message).toMatch(/broken off|without success/);
  expect(await readFile(at('copy', 'page'), 'utf8')).toBe('eight');
  expect((await pusher.push()).code).toBe(0);
  await untilCopied('nine');
});

it('goes by a changed spec at once, though nobody pushes and nothing is synced', async () => {
  await untilIdle();
  expect((await system.cli(['pause', 'wiki'])).exitCode).toBe(0);
  await system.apply(writeDocument('wiki', spec({}, { credentials: 'other' })));
  expect((await pusher.ask(['id'])).stderr).toContain('Permission denied');
  await untilOpen('other');
  await system.apply(writeDocument('wiki', spec({}, { credentials: 'nas', signal: 'volsync' })));
  await write('ten');
  expect((await pusher.pushAsVolsync()).code).toBe(0);
  expect((await system.cli(['resume', 'wiki'])).exitCode).toBe(0);
  await untilCopied('ten');
});

it('finds a spec that was changed while its agent was away as that comes back, by another port and folder too', async () => {
  await untilIdle();
  await restart(() => system.apply(writeDocument('wiki', spec({}, { credentials: 'other' }))));
  await untilOpen('other');
  await waitFor('the former key is out', async () =>
    (await pusher.ask(['id'])).stderr.includes('Permission denied') ? true : undefined,
  );
  const moved = { peer: `ssh://127.0.0.1:${ports[1] ?? 0}${at('elsewhere')}` };
  await restart(() => system.apply(writeDocument('wiki', spec({}, moved))));
  await waitFor('the former door is gone', async () =>
    (await pusher.ask(['id'], 'other')).stderr.includes('Connection refused') ? true : undefined,
  );
  pusher = new Pusher(folder, ports[1] ?? 0);
  await untilOpen();
  await write('eleven');
  expect((await pusher.push()).code).toBe(0);
  await untilCopied('eleven');
});

it('is closed as its agent comes back where the relationship was deleted meanwhile, and what was pushed stays', async () => {
  await untilIdle();
  await restart(() => system.retire('wiki'));
  await eventually('the door is gone', async () =>
    (await readdir(doors())).length === 0 ? true : undefined,
  );
  expect((await pusher.ask(['id'])).stderr).toContain('Connection refused');
  expect(await readFile(at('elsewhere', 'page'), 'utf8')).toBe('eleven');
});
