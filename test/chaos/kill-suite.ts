/**
 * Every part of a running system is killed with -9 at random moments of a sync. After each round the
 * sync has completed by itself, the newest recovery point equals the source, no older point has
 * changed, and history tells of it. `TIDEMARK_CHAOS_SEED` plays a run again; `TIDEMARK_CHAOS_ROUNDS`
 * makes it longer.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRelationshipId } from '../../src/model/names';
import type { RelationshipStatus } from '../../src/model/status';
import { eventually, TestSystem } from '../support/system/system';
import { tell } from '../support/tell';
import { pointFolders } from './watched';
import { ChangingTree, describeTree, diffTrees, digestTree, makeRandom } from './world';
import { SEED } from '../support/seed';

const ROUNDS = Number(process.env.TIDEMARK_CHAOS_ROUNDS ?? 2);
const BIG_BYTES = 12 * 1024 ** 2;

/** What can be killed: parts that are started again, or the processes of a transfer. */
export type Victim = 'agent:alpha' | 'agent:beta' | 'control' | 'temporal' | 'rsync' | 'sshd';

const random = makeRandom(SEED);
const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

let system: TestSystem;
let tree: ChangingTree;
let target: string;
/** Digest of every recovery point when it was first seen. */
const digests = new Map<string, string>();

/** Processes of this system's transfers, by the mark that they carry. */
async function transferProcesses(program: 'rsync' | 'sshd'): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const command = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0').join(' ');
    const isOurs =
      command.includes(system.folder) ||
      (await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '')).includes(`${system.folder}`);
    if (!isOurs) continue;
    if (program === 'rsync' && /(^|\/)rsync /.test(command)) found.push(Number(name));
    if (program === 'sshd' && (await isSessionOf(Number(name)))) found.push(Number(name));
  }
  return found;
}

/** A session process of the landing sshd of beta: its parent is that sshd. */
async function isSessionOf(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.startsWith('sshd: ');
}

async function killVictim(victim: Victim): Promise<void> {
  if (victim === 'rsync' || victim === 'sshd') {
    for (const pid of await transferProcesses(victim)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    }
    return;
  }
  await system.kill(victim);
}

async function relaunch(victims: Victim[]): Promise<void> {
  for (const victim of victims) if (victim !== 'rsync' && victim !== 'sshd') system.launch(victim);
}

/** Asks for a sync, for as long as it takes to be heard. */
async function requestSync(): Promise<number> {
  const { sequence } = await eventually('the status is answered', () => system.status('chaos'));
  const client = await system.client();
  await eventually('the request is heard', async () => {
    await client.workflow.getHandle(makeRelationshipId('chaos')).signal('sync');
    return true;
  });
  return sequence;
}

async function waitForSync(after: number): Promise<RelationshipStatus> {
  return eventually(
    'a sync that began after the change has succeeded',
    async () => {
      const status = await system.status('chaos');
      return status.sequence > after && !status.operation && status.lastSync?.result === 'succeeded'
        ? status
        : undefined;
    },
    200_000,
  );
}

async function checkPoints(status: RelationshipStatus): Promise<void> {
  const folders = await pointFolders(target, 'chaos');
  const newest = status.targets[0]?.recoveryPoint ?? '';
  const expected = await describeTree(tree.root);
  expect(diffTrees(expected, await describeTree(folders.get(newest) ?? 'missing'))).toEqual([]);
  expect(diffTrees(expected, await describeTree(target))).toEqual([]);
  for (const [id, folder] of folders) {
    const digest = await digestTree(folder);
    expect(`${id} ${digest}`).toBe(`${id} ${digests.get(id) ?? digest}`);
    digests.set(id, digest);
  }
}

async function checkHistory(status: RelationshipStatus): Promise<void> {
  const history = await eventually('the history is answered', () => system.history('chaos'));
  const ids = history.map(({ syncId }) => syncId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(history.find(({ syncId }) => syncId === status.lastSync?.syncId)?.result).toBe('succeeded');
}

async function setUp(): Promise<void> {
  tell(`chaos seed ${SEED}: set TIDEMARK_CHAOS_SEED to play it again`);
  system = await TestSystem.start();
  target = join(system.folder, 'data', 'target');
  tree = new ChangingTree(join(system.folder, 'source'), random, BIG_BYTES);
  await tree.create();
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: chaos }
spec:
  source: { host: alpha, directory: ${tree.root} }
  targets: [{ host: beta, directory: ${target}, copyMethod: HardLink }]
  mover: { rsync: { bandwidthLimit: 6MiB } }
  retain: { last: 4 }
`);
  await waitForSync(0);
}

/**
 * The rounds of some scenarios, one after the other on one system.
 * @param scenarios what is killed together, by the scenario's name; each round takes the next choice.
 */
export function describeKills(scenarios: Record<string, Victim[][]>): void {
  beforeAll(setUp, 240_000);
  afterAll(() => system.stop(), 60_000);

  describe.each(Object.entries(scenarios))('%s killed with -9 at random moments', (_name, choices) => {
    test.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
      'round %i: nothing is lost, and the sync completes by itself',
      async (round) => {
        // Each seed begins with another one.
        const victims = choices[(SEED + round) % choices.length] ?? [];
        await tree.change();
        const before = await requestSync();
        await sleep(random() * 1800);
        await Promise.all(victims.map(killVictim));
        await sleep(random() * 500);
        await relaunch(victims);
        const status = await waitForSync(before);
        await checkPoints(status);
        await checkHistory(status);
      },
      240_000,
    );
  });
}
