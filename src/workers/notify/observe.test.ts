import fc from 'fast-check';
import { makeStatus } from '../../../test/support/model/status';
import type { StateEntry } from '../../catalog/contract';
import { conditionsOf } from '../../model/notify/conditions';
import { statusOf } from '../fleet/known-states';
import { Observer } from './observe';

const START = Date.parse('2026-12-01T00:00:00Z');
let revisions = 0;

function entryOf(
  name: string,
  result: 'succeeded' | 'failed',
  capturedAtMs: number,
  isGone: boolean,
): StateEntry {
  const status = makeStatus(name, { objectives: { rpo: '10m' } }, { phase: 'Idle' });
  const [target] = status.targets;
  if (!target) throw new Error('it has a target');
  const capturedAt = new Date(capturedAtMs).toISOString();
  return {
    ...{ name, revision: ++revisions, toldAt: capturedAt, scheduleTrouble: null },
    status: { ...status, targets: [{ ...target, result, capturedAt }] },
    vanished: isGone ? { how: 'terminated', at: capturedAt } : null,
  };
}

const step = fc.record({
  minutes: fc.integer({ min: 0, max: 40 }),
  name: fc.constantFrom('a', 'b', 'c'),
  what: fc.constantFrom('nothing', 'synced', 'failed', 'gone', 'deleted'),
});

test('what is remembered of the last look never makes a difference', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const observer = new Observer();
      const states = new Map<string, StateEntry>();
      let nowMs = START;
      for (const { minutes, name, what } of steps) {
        nowMs += minutes * 60_000;
        if (what === 'deleted') states.delete(name);
        else if (what !== 'nothing')
          states.set(name, entryOf(name, what === 'failed' ? 'failed' : 'succeeded', nowMs, what === 'gone'));
        const anew = [...states.values()].flatMap((entry) => conditionsOf(statusOf(entry), nowMs));
        // What has passed changes the words of what is late, not what is.
        const timeless = (all: typeof anew) => all.map(({ text: _text, ...more }) => more);
        expect(timeless(observer.observe(states, nowMs))).toEqual(timeless(anew));
      }
    }),
  );
});
