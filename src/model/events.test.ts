import fc from 'fast-check';
import { minute } from '../../test/support/model/records';
import { SOMEBODY } from './actor';
import { addEvent, endEvent, endLost, type EventsState, makeEvent, type NewEvent } from './events';

const begun = (id: string, more: Partial<NewEvent> = {}) =>
  makeEvent({ id, relationship: 'wiki', kind: 'failover', at: minute(1), actor: SOMEBODY, ...more });
const over = { endedAt: minute(2), result: 'succeeded' as const };

test('what runs is carried until it is over, however much happens meanwhile', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (kinds) => {
      const state: EventsState = {};
      for (const [index, isOver] of kinds.entries())
        addEvent(state, begun(String(index), isOver ? over : {}));
      const running = kinds.flatMap((isOver, index) => (isOver ? [] : [String(index)]));
      const carried = (state.events ?? []).map(({ id }) => id);
      expect(state.eventNumber ?? 0).toBe(kinds.length);
      expect(carried).toEqual(expect.arrayContaining(running));
      // And of what is over, the newest alone.
      expect(carried.length).toBeLessThanOrEqual(running.length + 20);
      expect(carried).toEqual(carried.toSorted((one, other) => Number(one) - Number(other)));
    }),
  );
});

test('it ends once: what is told of it later changes nothing', () => {
  const state: EventsState = {};
  addEvent(state, begun('a'));
  endEvent(state, 'a', { ...over, text: 'beta is the primary' });
  endEvent(state, 'a', { endedAt: minute(9), result: 'failed', text: 'no' });
  expect(state.events).toMatchObject([{ id: 'a', ...over, text: 'beta is the primary' }]);
});

test('of what ran when its workflow was ended, nobody says more than that', () => {
  const state: EventsState = {};
  addEvent(state, begun('a', over));
  addEvent(state, begun('b', { text: 'to beta' }));
  endLost(state, minute(5));
  expect(state.events).toMatchObject([
    { id: 'a', result: 'succeeded' },
    { id: 'b', result: 'lost', endedAt: minute(5), text: 'to beta; its workflow was ended meanwhile' },
  ]);
});

test('a text that is too long is cut', () => {
  expect(begun('a', { text: 'x'.repeat(9000) }).text).toHaveLength(500);
});
