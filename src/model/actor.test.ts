import fc from 'fast-check';
import { FRONT_DOORS, SOMEBODY, tellActor, toActor } from './actor';

test('what a header says is taken where it makes sense, and else it is somebody', () => {
  expect(toActor({ name: 'alice@desk', via: 'cli', reason: ' fire drill ' })).toEqual({
    name: 'alice@desk',
    via: 'cli',
    reason: 'fire drill',
  });
  expect(toActor({ name: 7, via: 'http', reason: [] })).toEqual({ name: null, via: 'http' });
  for (const wrong of [undefined, null, 'alice', 7, {}, { via: 'root' }])
    expect(toActor(wrong)).toEqual(SOMEBODY);
});

test('whatever a header holds, what is kept of it is short, and can be told', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        fc.record({ name: fc.string(), via: fc.constantFrom(...FRONT_DOORS), reason: fc.string() }),
      ),
      (value) => {
        const actor = toActor(value);
        expect(JSON.stringify(actor).length).toBeLessThan(10_000);
        expect(tellActor(actor)).not.toBe('');
      },
    ),
  );
  expect(toActor({ via: 'cli', name: 'x'.repeat(10_000) }).name).toHaveLength(200);
});

test('people read who it was, and by which door', () => {
  expect(tellActor({ name: 'alice@desk', via: 'cli' })).toBe('alice@desk');
  expect(tellActor({ name: 'ci', via: 'http' })).toBe('ci over HTTP');
  expect(tellActor({ name: null, via: 'schedule' })).toBe('the schedule');
});
