/**
 * Two targets of one source, on real storage that sends from a common state: each has its own times and its own
 * fate, and what happens to one costs the other nothing.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { SyncRecord } from '../../src/model/records';
import type { RelationshipInput } from '../../src/model/spec';
import type { RelationshipSummary } from '../../src/model/summary';
import { compareTrees } from '../support/trees/compare-trees';
import { TestFilesystem } from '../support/storage/filesystems';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, syncNow, writeDocument, writeFiles } from '../support/system/user';

jest.setTimeout(240_000);

const MIB = 1024 ** 2;
let system: TestSystem;
let filesystem: TestFilesystem;
const at = (...parts: string[]) => join(filesystem.mountPoint, ...parts);
const run = (...argv: string[]) => runChecked(makeLocalHost({ name: 'test', home: tmpdir() }), argv);
const summary = () => system.json<RelationshipSummary>('get', 'wiki');

beforeAll(async () => {
  filesystem = await TestFilesystem.make('btrfs');
  await run('btrfs', 'subvolume', 'create', at('wiki'));
  await run('dd', 'if=/dev/urandom', `of=${at('wiki', 'big')}`, 'bs=1M', 'count=16', 'status=none');
  system = await TestSystem.start({ agents: { alpha: {}, beta: {}, gamma: {} } });
});
afterAll(async () => {
  await system?.stop();
  await filesystem?.dispose();
});

const wiki = (pinLimit?: { age: string }): RelationshipInput['spec'] => ({
  source: { host: 'alpha', btrfs: at('wiki'), ...(pinLimit && { pinLimit }) },
  targets: [
    { host: 'beta', btrfs: at('beta') },
    { host: 'gamma', btrfs: at('gamma'), class: 'drpnode' },
  ],
  mover: { btrfs: {} },
});

let edits = 0;
/** Changes the source and syncs it. */
async function edit(...targets: string[]): Promise<SyncRecord> {
  await writeFile(at('wiki', 'page'), `edition ${++edits}`);
  return syncNow(system, 'wiki', targets.length > 0 ? { targets } : {});
}
/** The states that the source keeps for its targets. */
const kept = () => readdir(at('.tidemark', 'wiki', 'wiki', 'captures'));
const outcomeOf = (record: SyncRecord, name: string) => record.targets.find((each) => each.name === name);

test('while one is dead the other goes on from base to base, and the source keeps one state for each', async () => {
  const { syncId } = await applyAndSync(system, 'wiki', wiki());
  expect(await kept()).toEqual([syncId]);
  await system.kill('agent:gamma');
  for (let round = 0; round < 3; round++) {
    const record = await edit('nodes');
    expect(outcomeOf(record, 'beta')).toMatchObject({ result: 'succeeded', how: 'incremental' });
    expect((await kept()).sort()).toEqual([syncId, record.syncId]);
  }
});

test('back again, it goes on from its own base, and little is sent', async () => {
  system.launch('agent:gamma');
  const record = await edit();
  for (const name of ['beta', 'gamma']) {
    const outcome = outcomeOf(record, name);
    expect(outcome).toMatchObject({ result: 'succeeded', how: 'incremental' });
    expect(outcome?.stats?.bytesSent).toBeLessThan(MIB);
    expect(await compareTrees(at('wiki'), at(name))).toEqual([]);
  }
  expect(await kept()).toEqual([record.syncId]);
});

test('beyond pinLimit it is given up, which everybody is told, and healed by a sync of what differs', async () => {
  await system.kill('agent:gamma');
  await system.apply(writeDocument('wiki', wiki({ age: '1ms' })));
  const record = await edit('beta');
  expect(await kept()).toEqual([record.syncId]);
  const given = /^target gamma is given up: its base wiki-\d+ is .* old, beyond pinLimit\.age 1ms; /;
  expect((await summary()).targets[1]?.givenUp).toMatch(given);
  expect((await system.cli(['get'])).stdout).toContain('wiki: target gamma is given up');
  expect((await system.cli(['describe', 'wiki'])).stdout).toMatch(/Given up +target gamma/);
  system.launch('agent:gamma');
  const healed = await edit('drpnodes');
  expect(outcomeOf(healed, 'gamma')).toMatchObject({ result: 'succeeded', how: 'delta-onto-clone' });
  expect(outcomeOf(healed, 'gamma')?.stats?.bytesSent).toBeLessThan(MIB);
  expect(await compareTrees(at('wiki'), at('gamma'))).toEqual([]);
  expect((await summary()).targets[1]?.givenUp).toBeNull();
});

test('each tick of the one Schedule is for those that go by it, one that is triggered for all', async () => {
  await writeFiles(at('plain'), { page: 'one' });
  await applyAndSync(system, 'timed', {
    source: { host: 'alpha', directory: at('plain') },
    targets: [
      { host: 'beta', directory: at('beta-timed'), schedule: '0 4 1 1 *' },
      { host: 'gamma', directory: at('gamma-timed'), schedule: '30 5 1 1 *', class: 'drpnode' },
    ],
  });
  const { targets } = await system.json<RelationshipSummary>('get', 'timed');
  const times = targets.map(({ nextRun }) => nextRun?.slice(4));
  expect(times).toEqual(['-01-01T04:00:00.000Z', '-01-01T05:30:00.000Z']);
  const schedule = (await system.client()).schedule.getHandle('timed');
  const [start, end] = [new Date('2026-01-01T05:00:00Z'), new Date('2026-01-01T06:00:00Z')];
  const syncs = (count: number) =>
    eventually(`${count} syncs have ended`, async () => {
      const entries = await system.history('timed');
      return entries.length === count ? entries : undefined;
    });
  await schedule.backfill({ start, end });
  const [ticked] = await syncs(2);
  expect(ticked).toMatchObject({ reason: 'schedule', targets: [{ name: 'gamma' }] });
  await schedule.trigger();
  const [triggered] = await syncs(3);
  expect(triggered?.targets.map(({ name }) => name)).toEqual(['beta', 'gamma']);
});
