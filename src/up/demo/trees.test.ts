import { findDifferences } from './trees';

it('names every file that is missing, too many, or of other content', () => {
  expect(findDifferences({ same: '1', gone: '2', other: '3' }, { same: '1', other: '4', more: '5' })).toEqual(
    ['gone is missing', 'more should not be there', 'other holds "4", and should hold "3"'],
  );
  expect(findDifferences({ 'a/b': 'x' }, { 'a/b': 'x' })).toEqual([]);
});
