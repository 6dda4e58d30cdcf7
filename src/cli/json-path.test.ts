import { evaluate } from './json-path';

const all = [
  { name: 'wiki', targets: [{ name: 'beta', lagSeconds: 3 }] },
  { name: 'mail', targets: [] },
];

test.each([
  ['{[*].name}', 'wiki mail'],
  ['$[0].targets[*].lagSeconds', '3'],
  ['{[0].name}{"\\n"}{[1].name}', 'wiki\nmail'],
  ['{[?(@.name=="mail")].targets}', '[]'],
  ['{.nothing}', ''],
])('%s finds %p', (template, found) => {
  expect(evaluate(all, template)).toBe(found);
});

test('a path never runs a script', () => {
  expect(() => evaluate(all, '{[(process.exit(7))]}')).toThrow('not a JSONPath');
});
