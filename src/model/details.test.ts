import { renderRelationshipDetails, renderSyncDetails } from './details';
import type { Failure } from './records';
import { applyDocument, initialState } from './relationship-state';
import { RelationshipSchema } from './spec';

const document = RelationshipSchema.parse({
  apiVersion: 'tidemark/v1',
  kind: 'Relationship',
  metadata: { name: 'wiki' },
  spec: {
    source: { host: 'alpha', directory: '/srv/wiki' },
    targets: [
      { host: 'beta', directory: '/srv/a|b' },
      { host: 'gamma', directory: '/srv/c' },
    ],
    trigger: { schedule: '*/15 * * * *', timezone: 'Europe/Paris' },
    objectives: { rpo: '1h' },
  },
});

function makeState() {
  const state = initialState('wiki');
  applyDocument(state, document);
  return state;
}

const NOW = Date.parse('2026-11-21T10:00:00Z');

test('the current details say role, schedule, RPO, and when the next sync is', () => {
  const text = renderRelationshipDetails(makeState(), NOW, '2026-11-21T10:15:00.000Z');
  expect(text).toContain('### Idle');
  expect(text).toContain('2026-11-21 10:15:00 UTC');
  expect(text).toMatch(/\| target \| beta \| \*\*down\*\* \|.*never synced/);
  expect(text).toContain('1h');
});

test('nothing stands there that is wrong a minute later: a lag is told as a time of capture', () => {
  const state = makeState();
  const capturedAt = '2026-11-21T09:10:00.000Z';
  state.targets = state.targets.map((target) => ({ ...target, result: 'succeeded', capturedAt }));
  const lines = (now: number) =>
    renderRelationshipDetails(state, now)
      .split('\n')
      .filter((line) => !line.startsWith('As of'));
  expect(lines(NOW)).toEqual(lines(NOW + 9 * 60_000));
  expect(lines(NOW).join('\n')).toContain('2026-11-21 09:10:00 UTC');
});

test('a host without an agent is named with the command that starts one', () => {
  const state = makeState();
  state.absentHosts = ['beta'];
  state.retryAt = '2026-11-21T10:00:30.000Z';
  expect(renderRelationshipDetails(state, NOW)).toContain('tidemark agent --host beta');
});

test('a path can not break the table that it stands in', () => {
  const row = renderRelationshipDetails(makeState(), NOW)
    .split('\n')
    .find((line) => line.startsWith('| target | beta'));
  expect(row).toContain(String.raw`/srv/a\|b`);
});

test('a sync says what each target is doing', () => {
  const text = renderSyncDetails(document, 'schedule', new Map([['beta', 'transferring (incremental)']]));
  expect(text).toContain('| beta | transferring (incremental) |');
});

test('what is wrong is said once for all targets that it concerns, with what to do', () => {
  const state = makeState();
  const lastError: Failure = {
    type: 'VolumeMissing',
    message: 'there is no such directory',
    host: 'alpha',
    hint: 'mount it, then: tidemark agent --host alpha',
  };
  state.targets = state.targets.map((target) => ({ ...target, result: 'failed', lastError }));
  const text = renderRelationshipDetails(state, NOW);
  expect(text.match(/VolumeMissing/g)).toHaveLength(1);
  expect(text).toContain('target beta, gamma: **VolumeMissing**');
  expect(text).toContain(String.raw`tidemark agent \-\-host alpha`);
});

test('a target that goes by a schedule of its own has it named, and is judged by its own promise', () => {
  const state = makeState();
  const own = structuredClone(document);
  Object.assign(own.spec.targets[1] ?? {}, { schedule: '0 3 * * *', rpo: '2d' });
  applyDocument(state, own);
  const capturedAt = '2026-11-21T07:00:00.000Z';
  state.targets = state.targets.map((target) => ({ ...target, result: 'succeeded', capturedAt }));
  const text = renderRelationshipDetails(state, NOW);
  expect(text).toContain('by the schedules `*/15 * * * *`, `0 3 * * *` (Europe/Paris)');
  expect(text).toMatch(/\| target \| beta \| \*\*warn\*\* \|/);
  expect(text).toMatch(/\| target \| gamma \| up \|/);
  expect(text).toContain('1h or 2d, **missed** by beta');
});

test('a promise that is missed is named, with the targets that miss it', () => {
  const state = makeState();
  state.targets = state.targets.map((target, index) => ({
    ...target,
    result: 'succeeded',
    capturedAt: index === 0 ? '2026-11-21T09:59:00.000Z' : '2026-11-21T08:00:00.000Z',
  }));
  expect(renderRelationshipDetails(state, NOW)).toContain('1h, **missed** by gamma');
});
