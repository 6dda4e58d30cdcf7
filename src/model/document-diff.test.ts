import { makeDocument } from '../../test/support/model/records';
import { atMost, documentChanges } from './document-diff';
import type { Relationship } from './spec';

const wiki = makeDocument('wiki');
const withSpec = (spec: Partial<Relationship['spec']>): Relationship => ({
  ...wiki,
  spec: { ...wiki.spec, ...spec },
});

test('the same document has no changes', () => {
  expect(documentChanges(wiki, structuredClone(wiki))).toEqual([]);
});

test('a line tells what a value was, and what it is', () => {
  const wanted = withSpec({ trigger: { ...wiki.spec.trigger, schedule: '0 3 * * *' }, retain: { last: 9 } });
  const changes = documentChanges(withSpec({ retain: { last: 3, daily: 2 } }), wanted);
  expect(changes).toEqual([
    expect.stringMatching(/^spec\.trigger\.schedule: (added|.* →) "0 3 \* \* \*"$/) as string,
    'spec.retain.last: 3 → 9',
    'spec.retain.daily: removed 2',
  ]);
});

test('a target that is put before the others moves none of them', () => {
  const [first] = wiki.spec.targets;
  if (!first) throw new Error('it has none');
  const wanted = withSpec({ targets: [{ ...first, host: 'delta', name: 'first' }, ...wiki.spec.targets] });
  const changes = documentChanges(wiki, wanted);
  expect(changes.length).toBeGreaterThan(0);
  for (const change of changes) expect(change).toMatch(/^spec\.targets\[first\]\..*: added /);
});

test('of many lines the first are told, and how many more there are', () => {
  expect(atMost(['a', 'b', 'c'], 3)).toEqual(['a', 'b', 'c']);
  expect(atMost(['a', 'b', 'c', 'd'], 3)).toEqual(['a', 'b', 'and 2 more']);
});
