import { makeDocument } from '../../test/support/model/records';
import { recalledState } from './recalled-state';
import { applyDocument, initialState } from './relationship-state';
import type { RelationshipState } from './relationship-state';

const NOW = '2026-11-21T10:00:00Z';

function stateIn(operation?: 'sync' | 'failover'): RelationshipState {
  const state = { ...initialState('wiki'), epoch: 3, sequence: 7 };
  applyDocument(state, makeDocument('wiki'));
  if (operation)
    state.operation = {
      kind: operation,
      workflowId: 'w',
      startedAt: NOW,
      reason: 'request',
      phase: 'Fencing',
    };
  return state;
}

const takeover = {
  ...{ target: 'beta', from: 'alpha', pointId: 'p', capturedAt: NOW, at: NOW, workflowId: 'w', fenced: true },
};

it('knows what it knew, does nothing, and syncs at once', () => {
  const state = stateIn('sync');
  const recalled = recalledState(state, undefined, NOW);
  expect(recalled).toMatchObject({ epoch: 3, sequence: 7, targets: state.targets, retryAt: NOW });
  expect(recalled).not.toHaveProperty('operation');
});

it('leaves the epochs out that a change of the primary may have begun and nobody remembers', () => {
  expect(recalledState(stateIn('failover'), undefined, NOW).epoch).toBe(5);
});

it('takes what a change of the primary came to that went on without it', () => {
  const recalled = recalledState(stateIn('failover'), { takeover, epoch: 4 }, NOW);
  expect(recalled).toMatchObject({ epoch: 4, primary: 'beta', takeover: { from: 'alpha' } });
});
