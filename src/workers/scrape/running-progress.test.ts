import { makeStates, makeStatus } from '../../../test/support/model/status';
import { minute } from '../../../test/support/model/records';
import type { Operation } from '../../model/status';
import { longestRunning } from './running-progress';

test('asks Temporal about the operations that began first, and not about those that wait', () => {
  const running = (name: string, n: number, more: Partial<Operation> = {}) =>
    makeStatus(
      name,
      {},
      { operation: { kind: 'sync', workflowId: name, startedAt: minute(n), reason: '', ...more } },
    );
  const waiting = { for: 'resume' as const, text: '', since: minute(0) };
  const states = makeStates(running('b', 2), running('a', 3), running('c', 1), running('d', 0, { waiting }));
  expect(longestRunning(states.values(), 2).map(({ name }) => name)).toEqual(['c', 'b']);
});
