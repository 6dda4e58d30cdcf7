import { makePhaseTeller, waitingLines } from './follow-phases';
import { makeDocument } from '../../test/support/model/records';
import type { RelationshipStatus } from '../model/status';
import { comeBackLines, formatTakeover, primaryOf } from './takeover';

const TAKEOVER = {
  target: 'beta',
  from: 'alpha',
  pointId: '20261121T080210Z-000042',
  capturedAt: '2026-11-21T08:02:10.000Z',
  at: '2026-11-21T08:03:00.000Z',
  workflowId: 'relationship/wiki/failover/000043',
};

it('comeBackLines name the two commands, lined up', () => {
  const lines = comeBackLines('wiki', { from: 'alpha' }).join('\n').split('\n');
  expect(lines[0]).toBe('nothing is sent to alpha until it comes back:');
  expect(lines[1]).toMatch(/^ {2}tidemark reverse wiki +once its host runs again/);
  expect(lines[2]).toMatch(/^ {2}tidemark relocate wiki --target alpha {2}after that/);
  expect(lines[1]?.indexOf('once')).toBe(lines[2]?.indexOf('after'));
});

it('formatTakeover warns of an old primary that does not know, or can still be written to', () => {
  expect(formatTakeover({ ...TAKEOVER, fenced: true })).toMatch(/Old primary +alpha, fenced$/);
  const fencing = 'not read-only: ext4 can not make a directory read-only; stop what writes to it';
  expect(formatTakeover({ ...TAKEOVER, fenced: true, fencing })).toContain(`alpha, fenced, but ${fencing}`);
  const text = formatTakeover({ ...TAKEOVER, fenced: false });
  expect(text).toMatch(/alpha, NOT fenced\n +it is fenced as soon as its agent is back/);
});

describe('what an operation waits for', () => {
  const since = '2026-11-21T08:03:00.000Z';

  it('is said with the command that lets it go on, and the one that ends it', () => {
    const waiting = {
      for: 'approve' as const,
      text: 'failover of wiki to beta: 0 of 2 approvals; 2 more people are needed',
      since,
    };
    expect(waitingLines('wiki', { waiting })).toEqual([
      'waits: failover of wiki to beta: 0 of 2 approvals; 2 more people are needed',
      '  to approve:     tidemark approve wiki --by YOUR-NAME',
      '  to give it up:  tidemark cancel wiki',
    ]);
  });

  it('offers no way back where there is none any more', () => {
    const waiting = { for: 'resume' as const, text: 'HookFailed: start', since };
    const lines = waitingLines('wiki', { waiting, phase: 'RunningHooks' });
    expect(lines.join('\n')).toMatch(/tidemark resume wiki\n.*to leave it at that: +tidemark cancel wiki/);
  });

  it('is told once, and so is that it goes on', () => {
    const tell = makePhaseTeller('wiki');
    const operation = { kind: 'failover' as const, workflowId: 'w', startedAt: since, reason: 'request' };
    const waiting = { for: 'resume' as const, text: 'Fencing: HostUnreachable', since };
    expect(tell({ ...operation, phase: 'Fencing' })).toEqual([expect.stringMatching(/^Fencing: /)]);
    expect(tell({ ...operation, phase: 'Fencing', waiting })).toHaveLength(3);
    expect(tell({ ...operation, phase: 'Fencing', waiting })).toEqual([]);
    expect(tell({ ...operation, phase: 'Fencing' })).toEqual(['goes on']);
    expect(tell(undefined)).toEqual([]);
  });
});

it.each([
  [{ host: 'alpha', directory: '/srv/wiki' }, 'alpha:/srv/wiki'],
  [{ host: 'alpha', zfs: 'tank/wiki' }, 'alpha:tank/wiki'],
  [{ host: 'alpha', btrfs: '/srv/wiki' }, 'alpha:/srv/wiki'],
])('primaryOf names a volume of every kind (%p)', (source, expected) => {
  const document = makeDocument('wiki', { source, targets: [{ ...source, host: 'beta' }] });
  expect(primaryOf({ document } as RelationshipStatus)).toBe(expected);
});
