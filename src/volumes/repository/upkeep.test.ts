import { brokenPacks } from './classify';
import { countParts, nextPart } from './upkeep';

it.each([
  ['100%', 1],
  ['50%', 2],
  ['5%', 20],
  ['1%', 100],
  ['0%', 256],
])('reads a share of %s in %i parts', (share, parts) => {
  expect(countParts(share)).toBe(parts);
});

it('reads all parts one after the other, and the one that was damaged again', () => {
  const damage = { message: 'damaged' };
  expect(nextPart({}, 3)).toBe(1);
  expect(nextPart({ checked: { part: 1, of: 3 } }, 3)).toBe(2);
  expect(nextPart({ checked: { part: 3, of: 3 } }, 3)).toBe(1);
  expect(nextPart({ checked: { part: 2, of: 3 }, damage }, 3)).toBe(2);
  expect(nextPart({ checked: { part: 2, of: 3 } }, 4)).toBe(1);
});

it('names each pack once that restic could not read or did not find', () => {
  const [one, other] = ['a'.repeat(64), 'b'.repeat(64)];
  expect(
    brokenPacks(`pack ${one} contains 2 errors: [x]\npack ${other}: does not exist\npack ${one}`),
  ).toEqual([one, other]);
});
