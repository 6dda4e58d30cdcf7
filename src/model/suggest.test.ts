import fc from 'fast-check';
import { suggest } from './suggest';

const KEYS = ['schedule', 'timezone', 'jitter', 'catchUp', 'host', 'name'];

test.each([
  ['schedul', 'schedule'],
  ['Schedule', 'schedule'],
  ['catchup', 'catchUp'],
  ['hsot', 'host'],
  ['sched', 'schedule'],
  ['timeZone', 'timezone'],
])('%s was meant to be %s', (word, meant) => {
  expect(suggest(word, KEYS)).toBe(meant);
});

test.each(['', 'zfs', 'interval', 'pvc', 'x'])('%j is not near anything', (word) => {
  expect(suggest(word, KEYS)).toBeUndefined();
});

test('one letter changed in a longer word is always understood', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('schedule', 'timezone'),
      fc.nat({ max: 7 }),
      fc.string({ minLength: 1, maxLength: 1 }),
      (word, at, letter) => {
        expect(suggest(word.slice(0, at) + letter + word.slice(at + 1), KEYS)).toBe(word);
      },
    ),
  );
});
