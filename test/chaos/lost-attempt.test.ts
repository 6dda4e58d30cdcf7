/**
 * An attempt that Temporal has given up still runs when its successor starts: its agent was stopped for
 * longer than its heartbeat may stay away, or killed while its rsync went on, or its writer at the target
 * hangs. Never do two write to one target, and the tree is right.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { eventually, TestSystem } from '../support/system/system';
import { MIB, Watched } from './watched';
import { ChangingTree, makeRandom } from './world';

let system: TestSystem;
let tree: ChangingTree;
let watched: Watched;

/** A process that writes to the target: which connection's it is, and where it is at work. */
interface Writer {
  pid: number;
  /** The process group: the generator and the receiver of one connection share it. */
  group: number;
}

/** The rsync processes that hold the target, as those of the agent's landings do. */
async function findWriters(): Promise<Writer[]> {
  const writers: Writer[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words[0] !== 'rsync' || words[1] !== '--server') continue;
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
    if (cwd !== watched.target && !words.some((word) => word.startsWith(watched.target))) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const [state = 'Z', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (!'ZX'.includes(state)) writers.push({ pid: Number(name), group: Number(group) });
  }
  return writers;
}

/** Two that write at once do so for seconds; a look at every process of the machine costs some milliseconds. */
const LOOK_EVERY_MS = 100;

/** Looks at the processes of this machine until it is stopped; answers the most writers at one moment. */
function watchWriters(): { stop: () => Promise<number> } {
  let most = 0;
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      most = Math.max(most, new Set((await findWriters()).map(({ group }) => group)).size);
      await sleep(LOOK_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await looking;
      return most;
    },
  };
}

/** The rsync that sends, of the source's agent. */
async function findSenders(): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words[0] === 'rsync' && words.includes(`${tree.root}/`)) found.push(Number(name));
  }
  return found;
}

const untilWriting = () =>
  eventually('a transfer is under way', async () => ((await findWriters()).length > 0 ? true : undefined));

beforeAll(async () => {
  system = await TestSystem.start();
  tree = new ChangingTree(join(system.folder, 'source'), makeRandom(3), 24 * MIB);
  await tree.create();
  watched = new Watched(system, 'lost', tree.root, join(system.folder, 'copies', 'target'));
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: lost }
spec:
  source: { host: alpha, directory: ${tree.root} }
  targets: [{ host: beta, directory: ${watched.target}, copyMethod: HardLink }]
  mover: { rsync: { bandwidthLimit: 4MiB } }
  retain: { last: 4 }
`);
  await watched.expectCurrent(await watched.untilSucceeded(0));
}, 120_000);

afterAll(() => system.stop(), 60_000);

/** Changes the source, starts a sync, does something to it, and accounts for everything. */
async function expectOneWriter(disturb: () => Promise<void>): Promise<void> {
  await tree.change(0.95);
  const writers = watchWriters();
  const before = await watched.requestSync();
  await untilWriting();
  await sleep(500);
  await disturb();
  const status = await watched.untilSucceeded(before, 150_000);
  expect(await writers.stop()).toBe(1);
  await watched.expectCurrent(status);
  const entry = (await watched.history()).find(({ syncId }) => syncId === status.lastSync?.syncId);
  expect(entry?.result).toBe('succeeded');
}

test.each([
  ['source', 'agent:alpha'],
  ['target', 'agent:beta'],
])(
  "the %s's agent, stopped for longer than its heartbeat may stay away, has its lost attempt ended",
  async (_side, agent) => {
    await expectOneWriter(async () => {
      process.kill(system.pid(agent), 'SIGSTOP');
      await sleep(14_000);
      process.kill(system.pid(agent), 'SIGCONT');
    });
  },
  200_000,
);

test("the source's agent is killed while its rsync goes on: the next one ends that first", async () => {
  await expectOneWriter(async () => {
    const [sender] = await findSenders();
    await system.kill('agent:alpha');
    expect(await findSenders()).toContain(sender);
    system.launch('agent:alpha');
  });
}, 200_000);

test("the target's agent is killed while its landing receives: nothing else writes meanwhile", async () => {
  await expectOneWriter(async () => {
    await system.kill('agent:beta');
    system.launch('agent:beta');
  });
}, 200_000);

test('a writer that hangs at the target is ended before the next one begins', async () => {
  await expectOneWriter(async () => {
    for (const { pid } of await findWriters()) process.kill(pid, 'SIGSTOP');
    for (const pid of await findSenders()) process.kill(pid, 'SIGKILL');
  });
}, 200_000);
