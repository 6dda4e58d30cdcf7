import { makeStatus } from '../../../test/support/model/status';
import type { RelationshipView } from '../../api/operation-view';
import type { RelationshipStatus } from '../../model/status';
import { summarize } from '../../model/summary';
import { attentionOf } from './attention';

const since = '2026-11-21T10:00:00Z';

function viewOf(more: Partial<RelationshipStatus>, view: Partial<RelationshipView> = {}): RelationshipView {
  const status = makeStatus('wiki', {}, more);
  return { summary: summarize(status, 0), status, asked: 'relationship', why: null, ui: null, ...view };
}
const textsOf = (...args: Parameters<typeof viewOf>) => attentionOf(viewOf(...args)).map(({ text }) => text);

test('nothing is said of one that is well', () => {
  expect(textsOf({})).toEqual([]);
});

test('what waits for somebody says for what, since when, and what to type', () => {
  const operation = { kind: 'failover' as const, workflowId: 'w', startedAt: since, reason: '' };
  const waiting = { for: 'approve' as const, text: 'two people are needed', since };
  expect(attentionOf(viewOf({ operation: { ...operation, waiting } }))).toEqual([
    { tone: 'wait', text: 'failover waits: two people are needed', since, hint: 'tidemark approve wiki' },
  ]);
  expect(textsOf({ approval: { reason: 'much is gone', since } })).toEqual([
    'A guard stopped the sync: much is gone',
  ]);
});

test('after a failover it says who is no copy, and that an old primary was not fenced', () => {
  const takeover = {
    target: 'beta',
    from: 'alpha',
    pointId: null,
    capturedAt: null,
    at: since,
    workflowId: 'w',
  };
  expect(textsOf({ takeover: { ...takeover, fenced: true } })).toEqual([
    'Failed over to beta, and alpha is no copy yet',
  ]);
  expect(textsOf({ takeover: { ...takeover, fenced: false, fencing: 'no agent' } })[0]).toContain(
    'it was not fenced: no agent',
  );
});

test('what was not asked of the relationship itself is said to be so', () => {
  expect(textsOf({}, { asked: 'catalog', why: 'Temporal does not answer' })).toEqual([
    'This is what it told last: Temporal does not answer',
  ]);
  const vanished = { how: 'terminated' as const, at: null };
  expect(textsOf({ vanished }, { asked: 'catalog' })).toEqual([
    'it does not run: its workflow in Temporal was terminated',
  ]);
});
