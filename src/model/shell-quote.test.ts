import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { quoteAlways, quoteWord } from './shell-quote';

test.each([quoteAlways, quoteWord])('%p: a shell reads the word that was quoted', (quote) => {
  const words = fc.array(
    fc.string({ unit: 'binary', minLength: 1 }).filter((word) => !word.includes('\0')),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(words, (asked) => {
      const told = execFileSync('sh', ['-c', `printf '%s\\0' ${asked.map(quote).join(' ')}`]).toString();
      expect(told.split('\0').slice(0, -1)).toEqual(asked);
    }),
    { numRuns: 30 },
  );
});

test('a word that no shell takes apart stays as it is', () => {
  expect(quoteWord('/srv/wiki-1.2')).toBe('/srv/wiki-1.2');
  expect(quoteWord('A=b')).toBe("'A=b'");
  expect(quoteWord('')).toBe("''");
});
