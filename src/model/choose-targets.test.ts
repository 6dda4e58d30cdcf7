import { makeDocument } from '../../test/support/model/records';
import { chooseTakeoverTarget, chooseTargets } from './choose-targets';
import type { TargetStatus } from './status';

const { targets } = makeDocument('wiki', {
  targets: [
    { host: 'beta', directory: '/srv/wiki' },
    { host: 'gamma', directory: '/srv/wiki', class: 'drpnode' },
  ],
}).spec;

test('names, classes and their plurals are understood; none means all', () => {
  expect(chooseTargets(targets, undefined).chosen).toEqual(['beta', 'gamma']);
  expect(chooseTargets(targets, ['beta']).chosen).toEqual(['beta']);
  expect(chooseTargets(targets, ['drpnodes']).chosen).toEqual(['gamma']);
});

test('an unknown name is told', () => {
  expect(chooseTargets(targets, ['betta']).unknown).toEqual(['betta']);
});

test('nobody goes on in a store, however fresh it is', () => {
  const document = makeDocument('wiki', {
    targets: [
      { host: 'beta', directory: '/srv/wiki' },
      { host: 'alpha', repository: '/srv/restic', name: 'repository' },
    ],
  });
  const fresh = (name: string, capturedAt: string) => ({ name, result: 'succeeded' as const, capturedAt });
  const all = [
    fresh('beta', '2026-11-29T10:00:00.000Z'),
    fresh('repository', '2026-11-29T11:00:00.000Z'),
  ] as TargetStatus[];
  expect(chooseTakeoverTarget(document, all)).toBe('beta');
  expect(chooseTakeoverTarget(document, all.slice(1))).toBeUndefined();
});
