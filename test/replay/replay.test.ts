/** Relationships live on while Tidemark is upgraded: today's workflows must take yesterday's histories. */
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowBundle } from '../../src/workers/bundle';
import type { WORKFLOW_TYPES } from '../../src/api/messages';
import { loadTestBundle } from '../support/system/workflow-bundle';
import { HISTORIES, loadHistory, storedHistories } from './stored-history';

const names = storedHistories();
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  workflowBundle = await loadTestBundle();
}, 120_000);

/** All histories at once: one worker replays them in turn. */
async function replay(histories: Iterable<{ workflowId: string; history: unknown }>): Promise<string[]> {
  const failures: string[] = [];
  const tell = () => {
    throw new Error('what is replayed was told before');
  };
  const options = { workflowBundle, sinks: { states: { tell: { fn: tell } } } };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories)) {
    if (error) failures.push(`${workflowId}: ${error.message}`);
  }
  return failures;
}

test('every stored history is replayed without a difference', async () => {
  const histories = names.map((name) => ({ workflowId: name, history: loadHistory(name) }));
  expect(await replay(histories)).toEqual([]);
}, 120_000);

const ENDS: Record<keyof typeof WORKFLOW_TYPES, string[]> = {
  relationship: ['completed', 'continued-as-new'],
  sync: ['completed', 'failed', 'cancelled'],
  verify: ['completed', 'failed'],
  restore: ['completed', 'failed'],
  requestSync: ['completed', 'failed'],
  failover: ['completed', 'failed', 'cancelled'],
  relocate: ['completed', 'failed'],
  reverse: ['completed', 'failed'],
  drill: ['completed'],
  requestDrill: ['completed'],
};

test.each(Object.entries(ENDS))('there are histories of %s in each way that it ends: %s', (type, ends) => {
  for (const end of ends) {
    expect(names.filter((name) => name.includes(`/${type}-`) && name.endsWith(`-${end}`))).not.toHaveLength(
      0,
    );
  }
});

test('there are histories of whatever a relationship goes through', () => {
  const text = names.map((name) => JSON.stringify(loadHistory(name))).join('\n');
  const steps = [
    'capture',
    'release',
    'transfer',
    'ping',
    'keepSchedule',
    'removeSchedule',
    'retireEndpoint',
    'listPoints',
    'fence',
    'rollback',
    'promote',
    'keepDiverged',
    'makeClone',
    'removeClones',
    'sendDrill',
  ];
  for (const step of steps) expect(text).toContain(`"activityType":{"name":"${step}"}`);
  const messages = [
    'apply',
    'sync',
    'verify',
    'restore',
    'pause',
    'resume',
    'approve',
    'targetFailed',
    'retire',
    'price',
    'failover',
    'reverse',
    'relocate',
    'drill',
    'cancel',
    'operationNews',
  ];
  for (const message of messages) expect(text).toMatch(new RegExp(`"(signalName|name)":"${message}"`));
  expect(text).toContain('"timerFiredEventAttributes":{');
});

test('nothing of the machine that they were recorded on is stored', () => {
  for (const name of names) {
    const stored = readFileSync(join(HISTORIES, `${name}.json`), 'utf8');
    const payloads = stored.match(/(?<="data":")[^"]+/g) ?? [];
    const text = [stored, ...payloads.map((data) => Buffer.from(data, 'base64').toString())].join('\n');
    expect(text).not.toMatch(/\/(tmp|root|home|work)\//);
    expect(text).not.toContain('PRIVATE KEY');
  }
});

test('a workflow that would act otherwise than it once did is noticed', async () => {
  const name = names.find((each) => /\/sync-.*-completed$/.test(each)) ?? '';
  const history = loadHistory(name);
  for (const { activityTaskScheduledEventAttributes: scheduled } of history.events) {
    if (scheduled?.activityType?.name === 'prepareSource') scheduled.activityType.name = 'somethingElse';
  }
  expect((await replay([{ workflowId: name, history }])).join()).toMatch(/ondeterminis/);
});
