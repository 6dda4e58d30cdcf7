import fc from 'fast-check';
import { checkGuards, judgeDeletions } from './guards';

const question = {
  relationship: 'wiki',
  source: { host: 'alpha', volume: '/srv/wiki', empty: false },
  target: { name: 'beta', host: 'beta', volume: '/srv/wiki', files: 12, countsItself: true, foreign: false },
  allowEmpty: false,
  allowForeign: false,
  approved: false,
};
const emptied = { ...question, source: { ...question.source, empty: true } };
const foreign = { ...question, target: { ...question.target, files: 0, foreign: true } };

test('an empty source never wipes a full target unasked', () => {
  expect(checkGuards(emptied)).toMatchObject({ type: 'ApprovalRequired', host: 'alpha' });
  expect(checkGuards(emptied)?.hint).toContain('tidemark approve wiki');
});

test('an empty source may fill an empty target', () => {
  expect(checkGuards({ ...emptied, target: { ...question.target, files: 0 } })).toBeUndefined();
  // A target that was empty already holds its own folder, and nothing to lose.
  expect(checkGuards({ ...emptied, target: { ...question.target, files: 1 } })).toBeUndefined();
  expect(checkGuards({ ...emptied, target: { ...question.target, files: 2 } })?.message).toContain('1 entry');
  // A device is one thing, and has no folder of its own.
  const device = { ...question.target, files: 1, countsItself: false };
  expect(checkGuards({ ...emptied, target: device })?.message).toContain('1 entry');
});

test('allowForeign lets what nobody of ours wrote be replaced, and no empty source through', () => {
  expect(checkGuards({ ...foreign, allowForeign: true })).toBeUndefined();
  expect(checkGuards({ ...emptied, allowForeign: true })).toMatchObject({ type: 'ApprovalRequired' });
});

test('allowEmpty lets an empty source empty its targets', () => {
  expect(checkGuards({ ...emptied, allowEmpty: true })).toBeUndefined();
});

test('data that no sync put at a target is not replaced unasked', () => {
  expect(checkGuards(foreign)).toMatchObject({ type: 'ApprovalRequired', host: 'beta' });
});

test('an approval lets one sync pass every guard', () => {
  expect(checkGuards({ ...emptied, approved: true })).toBeUndefined();
  expect(checkGuards({ ...foreign, approved: true })).toBeUndefined();
});

describe('the deletions of a stream', () => {
  const base = { baseEntries: 101, entries: 2 };

  test('99 of 100 files are not removed unasked', () => {
    const judged = judgeDeletions({ ...base, removed: 99, targetEntries: 101, maxDeletions: 50 });
    expect(judged).toEqual({ deleted: 99, allowed: 50 });
  });

  test('a share is one of what is held, where nobody had counted that before', () => {
    expect(judgeDeletions({ ...base, removed: 99, maxDeletionsPercent: 50 })).toEqual({
      deleted: 99,
      allowed: 50,
    });
    expect(judgeDeletions({ ...base, removed: 50, maxDeletionsPercent: 50 })).toBeUndefined();
  });

  test('without a common base, as many go as the frozen state has fewer', () => {
    expect(judgeDeletions({ entries: 2, targetEntries: 101, maxDeletions: 50 })?.deleted).toBe(99);
    expect(judgeDeletions({ entries: 51, targetEntries: 101, maxDeletions: 50 })).toBeUndefined();
  });

  test('without a limit everything may go; with one, nothing beyond it', () => {
    const counts = { removed: fc.nat(99), entries: fc.nat(99), targetEntries: fc.nat(99) };
    const limit = { maxDeletions: fc.option(fc.nat(99), { nil: undefined }) };
    fc.assert(
      fc.property(fc.record({ ...counts, ...limit }), ({ maxDeletions, ...question }) => {
        const judged = judgeDeletions({ ...question, ...(maxDeletions !== undefined && { maxDeletions }) });
        const lost = Math.max(question.removed, question.targetEntries - question.entries);
        expect(judged !== undefined).toBe(maxDeletions !== undefined && lost > maxDeletions);
      }),
    );
  });
});
