import fc from 'fast-check';
import { makeNameMatcher } from './name-pattern';

const fits = (pattern: string, ...paths: string[]) => paths.filter(makeNameMatcher(pattern));

test('without a slash it is about the name, wherever it lies', () => {
  expect(fits('home.md', 'home.md', 'a/b/home.md', 'home.md/x', 'xhome.md')).toEqual([
    'home.md',
    'a/b/home.md',
  ]);
  expect(fits('*.md', 'a.md', 'x/.md', 'a.mdx', 'a.md/b')).toEqual(['a.md', 'x/.md']);
  expect(fits('h?me', 'home', 'höme', 'h😀me', 'hme', 'hoome')).toEqual(['home', 'höme', 'h😀me']);
});

test('with a slash it is about the whole path', () => {
  expect(fits('pages/*.md', 'pages/a.md', 'pages/x/a.md', 'old/pages/a.md')).toEqual(['pages/a.md']);
  expect(fits('/a', 'a', 'b/a')).toEqual(['a']);
  expect(fits('pages/**/a.md', 'pages/a.md', 'pages/x/y/a.md', 'a.md')).toEqual([
    'pages/a.md',
    'pages/x/y/a.md',
  ]);
  expect(fits('**/x', 'x', 'a/x', 'a/x/b')).toEqual(['x', 'a/x']);
});

test('what means itself in a regular expression means itself here', () => {
  expect(fits('a.[b](c)+', 'a.[b](c)+', 'axb')).toEqual(['a.[b](c)+']);
});

test('it judges as a regular expression of the same meaning does', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(text, name, (pattern, path) => {
      const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(makeNameMatcher(pattern)(path)).toBe(same.test(path));
    }),
  );
});

test('no pattern takes long', () => {
  const startedAt = performance.now();
  expect(makeNameMatcher(`${'*a'.repeat(40)}b`)('a'.repeat(250))).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(500);
});
