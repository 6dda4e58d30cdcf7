import { parseListing } from './look';

// What rsync 3.5.0 said to a dry push of nothing.
it('tells a folder that is not there', () => {
  expect(parseListing('created directory /volume1/wiki\ncd+++++++++ ./\n')).toEqual({
    exists: false,
    names: [],
  });
});

it('tells what is in one, folders with something in them too', () => {
  const output = [
    'cannot delete non-empty directory: d',
    'cannot delete non-empty directory: .tidemark',
    '*deleting   empty/',
    '*deleting   a name with blanks',
    '.d..t...... ./',
  ].join('\n');
  expect(parseListing(output)).toEqual({
    exists: true,
    names: ['d', '.tidemark', 'empty', 'a name with blanks'],
  });
  expect(parseListing('')).toEqual({ exists: true, names: [] });
});
