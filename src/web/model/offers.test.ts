import { makeStatus } from '../../../test/support/model/status';
import { ACTIONS, ROLES } from '../../api/operation-view';
import { makeBody } from './act';
import { offersFor } from './offers';

const may = (...roles: (typeof ROLES)[number][]) => ({ name: 'otto', roles, actionsAllowed: true });
const actionsOf = (...args: Parameters<typeof offersFor>) => offersFor(...args).map(({ action }) => action);

test('nothing is offered where the control worker only answers, or a token only reads', () => {
  const status = makeStatus('wiki');
  expect(offersFor({ ...may(...ROLES), actionsAllowed: false }, status)).toEqual([]);
  expect(offersFor(may('read'), status)).toEqual([]);
  expect(offersFor(undefined, status)).toEqual([]);
});

test('what is urgent comes first, and what makes no sense is not offered', () => {
  const idle = makeStatus('wiki');
  expect(actionsOf(may(...ROLES), idle)).toEqual([
    'sync',
    'pause',
    'verify',
    'drill',
    'failover',
    'relocate',
  ]);
  const approval = { reason: 'much is gone', since: '2026-11-21T10:00:00Z' };
  expect(actionsOf(may('read', 'approve'), { ...idle, approval })).toEqual(['approve']);
  expect(actionsOf(may('operate'), { ...idle, paused: true })[0]).toBe('resume');
  const operation = { kind: 'sync' as const, workflowId: 'w', startedAt: '', reason: '' };
  expect(actionsOf(may('operate'), { ...idle, operation })).toContain('cancel');
});

test('a relationship that does not run can do nothing', () => {
  const vanished = { how: 'terminated' as const, at: null };
  for (const { blocked } of offersFor(may(...ROLES), { ...makeStatus('wiki'), vanished })) {
    expect(blocked).toBe('its workflow does not run');
  }
});

const choice = {
  target: 'beta',
  pointId: 'p',
  reason: ' new disks ',
  confirm: 'wiki',
  accepts: true,
  epoch: 3,
};

test('each action is sent what it takes, and no more', () => {
  const bodies = Object.fromEntries(ACTIONS.map((action) => [action, makeBody(action, choice)]));
  const reason = 'new disks';
  expect(bodies).toEqual({
    ...{ pause: { reason }, resume: { reason }, approve: { reason }, cancel: { reason } },
    ...{ sync: { targets: ['beta'], reason }, verify: { target: 'beta', pointId: 'p', reason } },
    drill: { target: 'beta', pointId: 'p', reason },
    failover: { target: 'beta', pointId: 'p', confirm: 'wiki', epoch: 3, acceptIncomplete: true, reason },
    relocate: { target: 'beta', confirm: 'wiki', epoch: 3, reason },
    reverse: { confirm: 'wiki', epoch: 3, acceptDiverged: true, reason },
  });
  const plain = { ...choice, target: '', pointId: '', reason: '  ', accepts: false };
  expect(makeBody('failover', plain)).toEqual({ confirm: 'wiki', epoch: 3 });
  expect(makeBody('sync', plain)).toEqual({});
});
