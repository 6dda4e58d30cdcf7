import { describeLeftOut } from '../../../model/left-out';
import type { Entry } from '../manifest';
import { holdTree } from './held';

const entry = (path: string, type: Entry['type'] = 'f', more: Partial<Entry> = {}): Entry => ({
  ...{ path, type, mode: '644', uid: '0', gid: '0', mtime: '1.500000000', ...more },
});
const S3 = { hasFolders: false, timeStepNs: 1 };

test('what the layout can not hold is counted and named, and the rest is as it was', () => {
  const tree = [
    entry('', 'd'),
    entry('a', 'f', { hasHoles: true, xattrs: { 'user.x': '00', 'system.posix_acl_access': '01' } }),
    entry('b', 'f', { linkOf: 'a', xattrs: { 'security.capability': '00' } }),
    entry('c', 'l', { target: 'a' }),
    entry('d', 'c', { device: '1:3' }),
    entry('e', 'p'),
    entry('empty', 'd'),
    entry('full', 'd'),
    entry('full/x'),
    entry('odd ', 'd'),
    entry('odd /x'),
    entry('only', 'd'),
    entry('only/link', 'l', { target: 'x' }),
    entry('permissions.facl'),
  ];
  const { entries, leftOut } = holdTree(tree, S3);
  expect(entries).toEqual([
    entry('', 'd'),
    entry('a', 'f', { xattrs: { 'system.posix_acl_access': '01' } }),
    entry('b'),
    entry('full', 'd'),
    entry('full/x'),
  ]);
  expect(describeLeftOut(leftOut)).toBe(
    'holes of 1 entry, extended attributes of 1 entry, 1 hard link, the capabilities of 1 entry, 2 symlinks, 1 device, 1 pipe, 3 names that can not be kept, 2 empty folders',
  );
});

test('a store with folders keeps empty ones', () => {
  const tree = [entry('', 'd'), entry('empty', 'd')];
  expect(holdTree(tree, { ...S3, hasFolders: true })).toEqual({ entries: tree, leftOut: [] });
});

test('times are lost where the store keeps none, and only where they are finer', () => {
  const tree = [entry('', 'd'), entry('a'), entry('b', 'f', { mtime: '2.000000000' })];
  expect(describeLeftOut(holdTree(tree, { ...S3, timeStepNs: 1e9 }).leftOut)).toBe(
    'the exact time of 1 entry',
  );
  expect(describeLeftOut(holdTree(tree, { ...S3, timeStepNs: 3153600000000000000 }).leftOut)).toBe(
    'the exact time of 2 entries',
  );
});
