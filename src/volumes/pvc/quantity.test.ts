import { quantityToBytes } from './quantity';

it.each([
  ['128974848', 128_974_848],
  ['129e6', 129e6],
  ['129M', 129e6],
  ['123Mi', 123 * 2 ** 20],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['20Gi', 20 * 2 ** 30],
  ['1T', 1e12],
  ['500m', 1],
])('reads %s as Kubernetes does', (text, bytes) => {
  expect(quantityToBytes(text)).toBe(bytes);
});

it.each(['', 'Gi', '20GiB', '-1Gi', '1 Gi', '20gi'])('refuses %p', (text) => {
  expect(() => quantityToBytes(text)).toThrow(RangeError);
});
