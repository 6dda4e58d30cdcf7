import type { Entry } from './manifest';
import { findDifferences, planAttributes, planTree } from './plan-tree';

const about = { mode: '644', uid: '1', gid: '1', mtime: '1.000000000' };
const folder = (path: string): Entry => ({ path, type: 'd', ...about });
const file = (path: string, sha256: string, more: Partial<Entry> = {}): Entry => ({
  ...{ path, type: 'f', ...about, bytes: 1, sha256, ...more },
});
const root = folder('');
const asRoot = { isRoot: true };

test('a tree that is as it is to be needs nothing', () => {
  const tree = [root, folder('d'), file('d/x', 'one'), file('y', 'two', { linkOf: 'd/x' })];
  expect(planTree(tree, tree)).toEqual({ removed: [], folders: [], fetched: [], links: [], made: [] });
  expect(findDifferences(tree, tree, asRoot)).toEqual([]);
});

test('what became something else goes first, with all that is in it, and is named once', () => {
  const plan = planTree(
    [root, folder('d'), file('d/x', 'one'), file('f', 'two')],
    [root, file('d', 'one'), folder('f'), file('f/x', 'two')],
  );
  expect(plan.removed).toEqual(['d', 'f']);
  expect(plan.folders).toEqual(['f']);
  expect(plan.fetched.map(({ path }) => path)).toEqual(['d', 'f/x']);
});

test('a further name of a file that is fetched anew is made anew', () => {
  const have = [root, file('x', 'old'), file('y', 'old', { linkOf: 'x' })];
  const plan = planTree(have, [root, file('x', 'new'), file('y', 'new', { linkOf: 'x' })]);
  expect(plan.removed).toEqual(['x', 'y']);
  expect(plan.links).toEqual([{ path: 'y', first: 'x' }]);
});

test('names that were one file, and are two by now, are parted', () => {
  const plan = planTree(
    [root, file('x', 'one'), file('y', 'one', { linkOf: 'x' })],
    [root, file('x', 'one'), file('y', 'one')],
  );
  expect(plan.removed).toEqual(['y']);
  expect(plan.fetched.map(({ path }) => path)).toEqual(['y']);
});

test('giving a file away sets its mode again, and an ACL is part of that', () => {
  const have = [root, file('x', 'one', { mode: '4755' })];
  const want = [root, file('x', 'one', { mode: '4755', uid: '2', xattrs: { 'user.a': '00' } })];
  const plan = planAttributes(have, want, asRoot);
  expect([...plan.owners]).toEqual([['2:1', ['x']]]);
  expect([...plan.modes]).toEqual([['4755', ['x']]]);
  expect(plan.xattrs).toEqual([['x', { 'user.a': '00' }]]);
  expect(findDifferences(have, want, asRoot)).toEqual(['x: uid, xattrs']);
});

test('who is not root gives nothing away, and is not told that it differs', () => {
  const want = [root, file('x', 'one', { uid: '2', xattrs: { 'trusted.a': '00' } })];
  const plan = planAttributes([root, file('x', 'one')], want, { isRoot: false });
  expect([plan.owners.size, plan.xattrs.length]).toEqual([0, 0]);
  expect(findDifferences([root, file('x', 'one')], want, { isRoot: false })).toEqual([]);
});

test('what is missing, too much, or of other content is told', () => {
  expect(
    findDifferences(
      [root, file('x', 'one'), file('z', 'one')],
      [root, file('x', 'two'), file('y', 'one')],
      asRoot,
    ),
  ).toEqual(['x: sha256', 'y: missing', 'z: too much']);
});
