import type { Failure } from './records';
import { explainFull } from './room';
import type { Shortage } from './room';

const MiB = 1024 ** 2;
const FULL: Failure = {
  type: 'TargetFull',
  message: 'there is no room left at host beta',
  hint: 'make room',
};
const explain = (shortage: Partial<Shortage>, failure: Partial<Failure> = {}, isCounted = false) =>
  explainFull({ ...FULL, ...failure }, { freeBytes: 3 * MiB, missingBytes: 0, ...shortage }, isCounted);
const QUOTA = {
  what: 'quota of tank/wiki',
  bytes: 20 * MiB,
  usedBytes: 18 * MiB,
  freeOutsideBytes: 900 * MiB,
  hint: 'raise it there: zfs set quota=SIZE tank/wiki',
};

test('space that is missing is said in numbers', () => {
  expect(explain({ missingBytes: 5 * MiB }).message).toBe(
    'there is no room left at host beta: 3.00 MiB are free, about 5.00 MiB more are needed: that much is missing',
  );
});

test('inodes that have run out are told from space', () => {
  const failure = explain({ inodes: { free: 0, total: 1024 }, missingBytes: 5 * MiB });
  expect(failure.message).toContain('no inode is free (of 1024)');
  expect(failure.message).not.toContain('missing');
  expect(failure.hint).toContain('df -i');
});

test('few inodes are told where space should do, and many are not worth a word', () => {
  expect(explain({ inodes: { free: 40, total: 1024 } }).message).toContain('only 40 of 1024 inodes');
  expect(explain({ inodes: { free: 900, total: 1024 } }).message).not.toContain('inode');
});

test('inodes that ran out are told though what was begun is gone again, and a file that could not grow is space', () => {
  const name =
    'rsync: [receiver] mkstemp "/c/.tidemark/x.partial/.7.Ab" failed: No space left on device (28)';
  const grows = 'rsync: [receiver] write failed on "/c/x": No space left on device (28)';
  const inodes = { free: 177, total: 384 };
  const failure = explain({ inodes }, { toolMessage: `${name}\nrsync error: some files (code 23)` });
  expect(failure.message).toMatch(/inodes ran out, it seems.* 177 of 384 inodes and 3\.00 MiB are free$/);
  expect(failure.hint).toContain('df -i');
  expect(explain({ inodes }, { toolMessage: `${name}\n${grows}` }).message).not.toContain('inode');
  expect(explain({}, { toolMessage: name }).message).not.toContain('inode');
});

test('a quota is named with what it leaves and what there is around it', () => {
  const failure = explain({ quota: QUOTA, missingBytes: 5 * MiB });
  expect(failure.message).toBe(
    'there is no room left at host beta: the quota of tank/wiki is 20.0 MiB and leaves 2.00 MiB, though 900 MiB are free around it; about 5.00 MiB more are needed',
  );
  expect(failure.hint).toBe(QUOTA.hint);
});

test('a quota of which only the tool speaks is told all the same', () => {
  const failure = explain({}, { toolMessage: 'rsync: write failed on "x": Disk quota exceeded (122)' });
  expect(failure.message).toContain('a quota is used up, though 3.00 MiB are free');
});

test('what was counted beforehand is not counted twice', () => {
  const counted = { message: 'the target needs 8 MiB and has 2 MiB free: 6 MiB are missing' };
  expect(explain({ missingBytes: 6 * MiB }, counted, true)).toEqual({ ...FULL, ...counted });
  expect(explain({ quota: QUOTA, missingBytes: 6 * MiB }, counted, true).message).toMatch(
    /^the target needs .* are missing: the quota of tank\/wiki is 20.0 MiB and leaves 2\.00 MiB, though 900 MiB are free around it$/,
  );
});
