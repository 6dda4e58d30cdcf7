/** Temporal's own CLI, Schedules and workflows of users drive a relationship as ours does. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeRelationshipId } from '../../src/model/names';
import type { RelationshipInput } from '../../src/model/spec';
import type { RelationshipStatus } from '../../src/model/status';
import { eventually, TestSystem } from '../support/system/system';
import { untilStatus } from '../support/system/switching';
import { temporalCli, temporalJson } from '../support/system/temporal-cli';

jest.setTimeout(240_000);

let system: TestSystem;
let count = 0;

beforeAll(async () => {
  system = await TestSystem.start();
}, 120_000);

afterAll(() => system?.stop());

type Spec = Partial<RelationshipInput['spec']>;

/** A schedule whose ticks come when a test triggers them. */
const RARELY = { schedule: '0 4 1 1 *', timezone: 'Europe/Paris' };
const SLOWLY = { mover: { rsync: { bandwidthLimit: '256KiB' } } };

/** A relationship of its own for one test, synced once. */
async function setUp(spec: Spec = {}) {
  const name = `r${++count}`;
  const source = join(system.folder, 'srv', name);
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'page'), 'a page');
  const apply = async (changed: Spec) => {
    const document: RelationshipInput = {
      apiVersion: 'tidemark/v1',
      kind: 'Relationship',
      metadata: { name },
      spec: {
        source: { host: 'alpha', directory: source },
        targets: [{ host: 'beta', directory: join(system.folder, 'replica', name) }],
        ...changed,
      },
    };
    await system.apply(JSON.stringify(document));
  };
  await apply(spec);
  const id = makeRelationshipId(name);
  const status = async () => {
    const args = ['workflow', 'query', '--workflow-id', id, '--type', 'status'];
    const { queryResult } = await temporalJson<{ queryResult: RelationshipStatus[] }>(system, ...args);
    const [answer] = queryResult;
    if (!answer) throw new Error('the query has no answer');
    return answer;
  };
  // What is only waited for costs no process each time.
  const until = async (what: string, holds: (status: RelationshipStatus) => boolean) => {
    await untilStatus(system, name, what, holds);
    return await status();
  };
  const signal = (...args: string[]) =>
    temporalCli(system, 'workflow', 'signal', '--workflow-id', id, '--name', ...args);
  await until('the first sync is through', ({ lastSync, operation }) => !!lastSync && !operation);
  return { name, source, id, apply, status, until, signal };
}

async function describeSchedule(name: string) {
  return (await system.client()).schedule.getHandle(name).describe();
}

/** How the workflow that a tick, or a user, has started ended. */
async function endOf(workflowId: string): Promise<string> {
  return eventually(`${workflowId} has ended`, async () => {
    const { status } = await (await system.client()).workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' ? undefined : status.name;
  });
}

async function resultOf(workflowId: string): Promise<unknown> {
  return (await system.client()).workflow.getHandle(workflowId).result();
}

/** The newest workflow that a Schedule has started, other than those known before. */
async function newestRun(schedule: string, known: readonly string[] = []): Promise<string> {
  return eventually(`the Schedule ${schedule} has run`, async () => {
    const { info } = await describeSchedule(schedule);
    const ids = info.recentActions.map(({ action }) => action.workflow.workflowId);
    return ids.findLast((id) => !known.includes(id));
  });
}

test('a signal starts a sync, and the query status tells what became of it', async () => {
  const { signal, until, source } = await setUp();
  await writeFile(join(source, 'page'), 'another page');
  await signal('sync');
  const { lastSync, phase } = await until(
    'the second sync is through',
    ({ sequence, operation }) => sequence === 2 && !operation,
  );
  expect(lastSync).toMatchObject({ result: 'succeeded', files: 1 });
  expect(phase).toBe('Idle');
});

test('signals pause, which refuses syncs in words, and resume', async () => {
  const { signal, until, id, status } = await setUp();
  await signal('pause');
  await until('it is paused', ({ phase }) => phase === 'Paused');
  await signal('sync');
  const details = await eventually('the details say why', async () => {
    const said = await temporalCli(system, 'workflow', 'metadata', '--workflow-id', id);
    return said.includes('Not done') ? said : undefined;
  });
  expect(details).toContain('is paused');
  expect((await status()).sequence).toBe(1);
  await signal('resume');
  await until('it is resumed', ({ phase }) => phase === 'Idle');
  await signal('sync');
  await until('it syncs again', ({ sequence, operation }) => sequence === 2 && !operation);
});

test('a signal approves of what a guard has stopped', async () => {
  const { signal, until, source } = await setUp();
  await rm(join(source, 'page'));
  await signal('sync');
  await until('a guard has stopped it', ({ phase }) => phase === 'WaitingForApproval');
  await signal('approve', '--input', '{"by": "ops"}');
  const { lastSync } = await until(
    'the approved sync is through',
    ({ sequence, operation }) => sequence === 3 && !operation,
  );
  expect(lastSync?.result).toBe('succeeded');
});

test('a signal compares the newest point with the source', async () => {
  const { signal, id } = await setUp();
  await signal('verify');
  await eventually('the comparison has begun', () => endOf(`${id}/verify/000002`));
  const handle = (await system.client()).workflow.getHandle(`${id}/verify/000002`);
  expect(await handle.result()).toMatchObject({ equal: true, target: 'beta' });
});

test('signals and updates that come with nonsense are refused in words and do no harm', async () => {
  const { signal, until, id } = await setUp();
  for (const input of ['"beta"', '{"targets": 7}', '[1]', '{"targets": ["nobody"]}']) {
    await signal('sync', '--input', input);
  }
  await signal('verify', '--input', '{"target": {}}');
  await signal('approve', '--input', '3');
  await signal('targetFailed', '--input', '{}');
  for (const update of ['approve', 'restore', 'verify']) {
    const args = ['workflow', 'update', 'execute', '--workflow-id', id, '--name', update, '--input', '[]'];
    await expect(temporalCli(system, ...args)).rejects.toThrow();
  }
  await expect(
    temporalCli(system, 'workflow', 'update', 'execute', '--workflow-id', id, '--name', 'restore'),
  ).rejects.toThrow('to.host');
  await temporalCli(system, 'workflow', 'update', 'execute', '--workflow-id', id, '--name', 'sync');
  await until('it syncs as before', ({ lastSync, operation, sequence }) => {
    return sequence > 1 && !operation && lastSync?.result === 'succeeded';
  });
});

test("a tick is a run of the Schedule, and ends as its sync ends; a failed sync's type and text are its own", async () => {
  const { name, source, until } = await setUp({ trigger: RARELY });
  await temporalCli(system, 'schedule', 'trigger', '--schedule-id', name);
  const good = await newestRun(name);
  expect(await endOf(good)).toBe('COMPLETED');
  expect(await resultOf(good)).toMatchObject({ syncId: `${name}-000002`, result: 'succeeded' });
  await rm(source, { recursive: true });
  await temporalCli(system, 'schedule', 'trigger', '--schedule-id', name);
  const bad = await newestRun(name, [good]);
  expect(await endOf(bad)).toBe('FAILED');
  const shown = await temporalCli(system, 'workflow', 'show', '--workflow-id', bad);
  expect(shown).toContain('VolumeMissing');
  expect(shown).toContain(source);
  await mkdir(source);
  await writeFile(join(source, 'page'), 'back again');
  // It is another directory than the one that was there.
  await system.cli(['approve', name]);
  await until('it goes on', ({ lastSync, operation }) => lastSync?.result === 'succeeded' && !operation);
});

test('a tick that falls into a running sync is skipped, counted, and told in the metrics', async () => {
  const { name, source, status, until, id } = await setUp({ trigger: RARELY, ...SLOWLY });
  await writeFile(join(source, 'film'), randomBytes(8 * 1024 ** 2));
  await system.cli(['sync', name]);
  await until('the sync runs', ({ operation }) => operation?.kind === 'sync');
  await temporalCli(system, 'schedule', 'trigger', '--schedule-id', name);
  const tick = await newestRun(name);
  expect(await endOf(tick)).toBe('COMPLETED');
  expect(await resultOf(tick)).toEqual({
    skipped: 'sync is running',
  });
  expect(await status()).toMatchObject({ missedTicks: 1, sequence: 2, operation: { kind: 'sync' } });
  const metrics = await (await fetch(`${system.httpAddress}/metrics`)).text();
  expect(metrics).toContain(`tidemark_missed_ticks_total{relationship="${name}"} 1`);
  // It says how far it is once a second; of 8 MiB, a quarter of one goes in that time.
  await sleep(5000);
  await (await system.client()).workflow.getHandle(`${id}/sync/000002`).cancel();
  await until('the sync has ended', ({ operation }) => !operation);
  const [cancelled] = await system.history(name);
  const target = cancelled?.targets[0];
  expect(target).toMatchObject({ result: 'cancelled', bytesSent: null });
  expect(target?.reachedBytes).toBeGreaterThan(0);
  expect(target?.reachedBytes).toBeLessThan(8 * 1024 ** 2);
  expect((await system.cli(['history', name])).stdout).toMatch(/cancelled +≤ \d/);
});

test('the Schedule ticks by itself', async () => {
  const { name, until } = await setUp({ trigger: { schedule: '* * * * *' } });
  await until('a tick has started a sync', ({ sequence, operation }) => sequence >= 2 && !operation);
  expect(await endOf(await newestRun(name))).toBe('COMPLETED');
});

test('a backfill makes up for ticks of the past: those that fall together are one sync', async () => {
  const { name, until } = await setUp({ trigger: { schedule: '0 4 * * *' } });
  const times = ['--start-time', '2026-01-01T00:00:00Z', '--end-time', '2026-01-03T12:00:00Z'];
  await temporalCli(
    system,
    ...['schedule', 'backfill', '--schedule-id', name, ...times, '--overlap-policy', 'AllowAll'],
  );
  await until('it has synced', ({ sequence, operation }) => sequence >= 2 && !operation);
  for (const day of ['01', '02', '03']) {
    expect(await endOf(`${name}/tick-2026-01-${day}T04:00:00Z`)).toBe('COMPLETED');
  }
});

test("a user's own workflow, and own Schedule, ask for a sync and wait for it", async () => {
  const { name, status } = await setUp();
  const type = ['--type', 'requestSync', '--task-queue', 'tidemark'];
  const input = ['--input', JSON.stringify({ relationship: name })];
  await temporalCli(system, 'workflow', 'start', '--workflow-id', `my-${name}`, ...type, ...input);
  expect(await endOf(`my-${name}`)).toBe('COMPLETED');
  expect((await status()).lastSync?.syncId).toBe(`${name}-000002`);
  const mine = [
    '--schedule-id',
    `nightly-${name}`,
    '--cron',
    '0 3 1 1 *',
    '--workflow-id',
    `nightly-${name}`,
  ];
  await temporalCli(system, 'schedule', 'create', ...mine, ...type, ...input);
  await temporalCli(system, 'schedule', 'trigger', '--schedule-id', `nightly-${name}`);
  expect(await endOf(await newestRun(`nightly-${name}`))).toBe('COMPLETED');
  expect((await status()).lastSync?.syncId).toBe(`${name}-000003`);
});

test('a request for a relationship that is not there, or with no name, fails in words', async () => {
  for (const [id, input] of [
    ['for-nobody', '{"relationship": "nobody"}'],
    ['for-nothing', '{}'],
  ] as const) {
    const type = ['--type', 'requestSync', '--task-queue', 'tidemark', '--input', input];
    await temporalCli(system, 'workflow', 'start', '--workflow-id', id, ...type);
    expect(await endOf(id)).toBe('FAILED');
  }
});

test('the Schedule follows the spec: other times, time zone, jitter, none, and again', async () => {
  const { name, apply } = await setUp({ trigger: RARELY });
  const made = await describeSchedule(name);
  expect(made.spec).toMatchObject({ timezone: 'Europe/Paris' });
  expect(made.info.nextActionTimes[0]?.toISOString()).toMatch(/-01-01T03:00:00/);
  expect(made.policies.catchupWindow).toBe(600_000);
  await apply({ trigger: { schedule: '30 5 * * *', timezone: 'Asia/Tokyo', jitter: '90s', catchUp: '1h' } });
  const changed = await describeSchedule(name);
  expect(changed.spec).toMatchObject({ timezone: 'Asia/Tokyo', jitter: 90_000 });
  expect(changed.info.nextActionTimes[0]?.toISOString()).toMatch(/T20:3[01]:/);
  expect(changed.policies.catchupWindow).toBe(3_600_000);
  await apply({});
  await expect(describeSchedule(name)).rejects.toThrow();
  await apply({ trigger: RARELY });
  expect((await describeSchedule(name)).state.paused).toBe(false);
});

test('pausing and resuming the relationship does so with its Schedule, and says so there', async () => {
  const { name, apply, until } = await setUp({ trigger: RARELY });
  await system.cli(['pause', name]);
  expect((await describeSchedule(name)).state).toMatchObject({ paused: true });
  expect((await describeSchedule(name)).state.note).toContain(`tidemark resume ${name}`);
  await apply({ trigger: { ...RARELY, jitter: '1m' } });
  expect((await describeSchedule(name)).state.paused).toBe(true);
  await system.cli(['resume', name]);
  expect((await describeSchedule(name)).state.paused).toBe(false);
  await until('it is idle', ({ phase }) => phase === 'Idle');
});

test('a Schedule that an operator has paused stays so when the spec changes, until the relationship is resumed', async () => {
  const { name, apply } = await setUp({ trigger: RARELY });
  await temporalCli(
    system,
    'schedule',
    'toggle',
    '--schedule-id',
    name,
    '--pause',
    '--reason',
    'stocktaking',
  );
  await apply({ trigger: { ...RARELY, schedule: '0 5 1 1 *' } });
  const { state, info } = await describeSchedule(name);
  expect(state).toMatchObject({ paused: true, note: 'stocktaking' });
  expect(info.nextActionTimes[0]?.toISOString()).toMatch(/-01-01T04:00:00/);
  expect(await system.json('get', name)).toMatchObject({ nextRun: null, paused: false });
  const told = (what: string) =>
    `its Schedule in Temporal ${what}, so no sync starts by itself: tidemark resume`;
  for (const command of ['get', 'describe'])
    expect((await system.cli([command, name])).stdout).toContain(`${told('was paused there')} ${name}`);
  await system.cli(['resume', name]);
  expect((await describeSchedule(name)).state.paused).toBe(false);

  await temporalCli(system, 'schedule', 'delete', '--schedule-id', name);
  for (const command of ['get', 'describe'])
    expect((await system.cli([command, name])).stdout).toContain(`${told('is missing')} ${name}`);
  await system.cli(['resume', name]);
  expect((await describeSchedule(name)).state.paused).toBe(false);
  expect((await system.cli(['get', name])).stdout).not.toContain('Schedule');
});

test('a signal ends a relationship, and its Schedule with it', async () => {
  const { name, signal, id } = await setUp({ trigger: RARELY });
  await signal('retire');
  expect(await endOf(id)).toBe('COMPLETED');
  await expect(describeSchedule(name)).rejects.toThrow();
});
