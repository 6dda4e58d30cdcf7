import { makeDocument } from '../../test/support/model/records';
import { assess, watchedOf } from './health';
import { applyDocument, initialState, toStatus } from './relationship-state';
import { summarize } from './summary';
import { asVanished, vanishedBy, vanishedText } from './vanished';

const NOW = Date.parse('2026-11-21T10:00:00Z');

function vanishedStatus() {
  const state = initialState('wiki');
  applyDocument(state, makeDocument('wiki'));
  state.targets = state.targets.map((target) => ({
    ...target,
    result: 'succeeded' as const,
    capturedAt: '2026-11-21T09:59:59Z',
  }));
  const status = toStatus(state);
  if (!status) throw new Error('no status');
  return asVanished(status, { how: 'terminated', at: '2026-11-21T09:59:59.123Z' });
}

it('tells a workflow that was ended from one that runs or was deleted', () => {
  expect(vanishedBy('TERMINATED', new Date(NOW))).toMatchObject({ how: 'terminated' });
  for (const status of ['RUNNING', 'COMPLETED', 'CONTINUED_AS_NEW'])
    expect(vanishedBy(status, undefined)).toBeUndefined();
});

it('says when, and not that it was deleted', () => {
  expect(vanishedText({ how: 'terminated', at: '2026-11-21T09:59:59.123Z' })).toBe(
    'it does not run: its workflow in Temporal was terminated at 2026-11-21T09:59:59Z',
  );
  expect(vanishedText({ how: 'failed', at: null })).toContain('in Temporal failed');
});

it('is down, however fresh its copies are, and has no next run', () => {
  const status = vanishedStatus();
  expect(assess(status.document, watchedOf(status), NOW)).toMatchObject({
    status: 'down',
    reason: expect.stringContaining('terminated') as unknown,
    targets: [{ status: 'down' }],
  });
  expect(summarize(status, NOW, { nextRun: '2026-11-21T10:01:00Z' })).toMatchObject({
    status: 'down',
    phase: 'Vanished',
    nextRun: null,
    vanished: { how: 'terminated' },
  });
});
