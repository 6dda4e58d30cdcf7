import { makeStatus } from '../../../test/support/model/status';
import type { RelationshipStatus, TargetStatus } from '../status';
import { type Condition, conditionsOf, nextConditionChange } from './conditions';

const HOUR_MS = 3_600_000;
const NOW = Date.parse('2026-12-01T12:00:00Z');
const ago = (hours: number) => new Date(NOW - hours * HOUR_MS).toISOString();

/** Its only target is promised to be an hour old at most. */
function statusWith(target: Partial<TargetStatus>, more: Partial<RelationshipStatus> = {}) {
  const status = makeStatus('wiki', { objectives: { rpo: '1h' } }, { phase: 'Idle', ...more });
  const [own] = status.targets;
  if (!own) throw new Error('it has a target');
  return { ...status, targets: [{ ...own, ...target }] };
}
const kindsOf = (status: RelationshipStatus, nowMs = NOW) =>
  conditionsOf(status, nowMs).map(({ kind, target }) => `${kind} ${target ?? '–'}`);
const well = { result: 'succeeded' as const, capturedAt: ago(0.5), recoveryPoint: 'p' };

test('nothing is wrong with one that is as fresh as it was promised', () => {
  expect(conditionsOf(statusWith(well), NOW)).toEqual([]);
});

test('it is late beyond twice what was promised, and stays late where it is down', () => {
  const capturedAt = ago(0);
  const status = statusWith({ ...well, capturedAt });
  expect(kindsOf(status, NOW + 2 * HOUR_MS)).toEqual([]);
  expect(kindsOf(status, NOW + 2 * HOUR_MS + 1)).toEqual(['late beta']);
  expect(kindsOf(status, NOW + 3 * HOUR_MS + 1)).toEqual(['down beta', 'late beta']);
});

test('it is known when the passing of time alone changes it', () => {
  const status = statusWith({ ...well, capturedAt: ago(0) });
  let nowMs = NOW;
  const seen: string[][] = [];
  for (let next = nextConditionChange(status, nowMs); next !== undefined;) {
    expect(kindsOf(status, next - 1)).toEqual(kindsOf(status, nowMs));
    nowMs = next;
    seen.push(kindsOf(status, nowMs));
    next = nextConditionChange(status, nowMs);
  }
  expect(seen.at(-1)).toEqual(['down beta', 'late beta']);
});

test('one that was never synced is down, unless its first copy is under way', () => {
  const never = { result: 'never' as const };
  const lastSync = {
    ...{ syncId: 'wiki-000001', result: 'failed' as const, startedAt: ago(2), endedAt: ago(1) },
    ...{ bytes: 0, files: 0, durationSeconds: 3600 },
  };
  expect(kindsOf(statusWith(never, { lastSync }))).toEqual(['down beta']);
  expect(kindsOf(statusWith(never))).toEqual([]);
  expect(kindsOf(statusWith(never, { phase: 'WaitingForHost' }))).toEqual(['down beta']);
  expect(kindsOf(statusWith(never, { phase: 'Applying' }))).toEqual([]);
  const operation = { kind: 'sync' as const, workflowId: 'w', startedAt: ago(30), reason: 'created' };
  expect(kindsOf(statusWith(never, { phase: 'Syncing', operation }))).toEqual([]);
  const failed = { result: 'failed' as const, lastError: { type: 'TargetFull' as const, message: 'full' } };
  expect(kindsOf(statusWith(failed, { phase: 'Syncing', operation }))).toEqual(['down beta', 'failed beta']);
});

test('what failed is told with the type and the words of the tool, in one line', () => {
  const lastError = {
    type: 'TargetFull' as const,
    message: 'no room',
    toolMessage: 'rsync:\n  28',
    hint: 'df -h',
  };
  const [condition] = conditionsOf(statusWith({ ...well, result: 'failed', lastError }), NOW);
  expect(condition).toEqual({
    ...{ relationship: 'wiki', kind: 'failed', target: 'beta', labels: {} },
    text: 'TargetFull: no room: rsync: / 28; df -h',
  } satisfies Condition);
});

test('a target that has diverged has not just failed, and what is to be approved waits', () => {
  const diverged = { type: 'Diverged' as const, message: 'changed there' };
  expect(kindsOf(statusWith({ ...well, result: 'failed', lastError: diverged }))).toEqual(['diverged beta']);
  const asking = { type: 'ApprovalRequired' as const, message: 'empty' };
  const approval = { reason: 'the source is empty', since: ago(1) };
  const status = statusWith({ ...well, result: 'failed', lastError: asking }, { approval });
  expect(conditionsOf(status, NOW)).toMatchObject([
    { kind: 'waiting', target: null, text: 'waits for tidemark approve wiki: the source is empty' },
  ]);
});

test('an operation that waits for somebody says for what', () => {
  const waiting = { for: 'resume' as const, text: 'beta can not be fenced\nssh: gone', since: ago(1) };
  const operation = { kind: 'relocate' as const, workflowId: 'w', startedAt: ago(1), reason: '', waiting };
  expect(conditionsOf(statusWith(well, { operation }), NOW)).toMatchObject([
    { kind: 'waiting', text: 'relocate waits for tidemark resume wiki: beta can not be fenced ssh: gone' },
  ]);
});

test('after a failover the old primary is told of as failed over, not as late', () => {
  const takeover = {
    ...{ target: 'gamma', from: 'beta', pointId: 'p', capturedAt: ago(9), at: ago(8) },
    ...{ workflowId: 'w', fenced: true },
  };
  const status = statusWith({ ...well, capturedAt: ago(9) }, { takeover });
  expect(kindsOf(status)).toEqual(['failedOver beta']);
});

test('a drill that failed is told of until another did not, one whose workflow was ended is down', () => {
  const drill = (result: 'failed' | 'succeeded') => ({
    ...{ target: 'beta', pointId: 'p', startedAt: ago(2), endedAt: ago(1), result },
    ...{ rtoSeconds: null, workflowId: 'w', failure: { type: 'HookFailed' as const, message: 'no answer' } },
  });
  const failed = conditionsOf(statusWith(well, { lastDrill: drill('failed') }), NOW);
  expect(failed).toMatchObject([
    { kind: 'drillFailed', text: expect.stringContaining('no answer') as string },
  ]);
  expect(kindsOf(statusWith(well, { lastDrill: drill('succeeded') }))).toEqual([]);
  const vanished = { how: 'terminated' as const, at: ago(1) };
  expect(kindsOf(statusWith({ ...well, result: 'failed' }, { vanished }))).toEqual(['down –', 'failed beta']);
});
