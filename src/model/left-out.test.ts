import { mergeLeftOut } from './left-out';

test('what several steps left out for one reason is counted together', () => {
  const one = [{ reason: 'socket' as const, count: 2, examples: ['a', 'b'] }];
  const other = [
    { reason: 'socket' as const, count: 9, examples: ['c', 'd', 'e', 'f', 'g'] },
    { reason: 'mount' as const, count: 1, examples: ['mnt'] },
  ];
  expect(mergeLeftOut(one, undefined, other)).toEqual([
    { reason: 'socket', count: 11, examples: ['a', 'b', 'c', 'd', 'e'] },
    { reason: 'mount', count: 1, examples: ['mnt'] },
  ]);
});
