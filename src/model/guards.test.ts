import { checkGuards } from './guards';

const question = {
  relationship: 'wiki',
  source: { host: 'alpha', volume: '/srv/wiki', empty: false },
  target: { name: 'beta', host: 'beta', volume: '/srv/wiki', files: 12, foreign: false },
  allowEmpty: false,
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
