import { findForeignLinks, type LinkedName } from './links';

/** `a=b c=d=e`: names of one file each, all of them inside of the tree. */
const names = (text: string, device = 1): LinkedName[] =>
  text.split(' ').flatMap((group, inode) => {
    const paths = group.split('=');
    return paths.map((path) => ({ file: `${device}:${inode}`, count: paths.length, path }));
  });
const found = (replica: LinkedName[], tree: LinkedName[]) =>
  findForeignLinks(replica, tree).map(({ path }) => path);

it('leaves alone names that belong together in the tree too', () => {
  expect(found(names('a=b c=d'), names('a=b c=d', 2))).toEqual([]);
  expect(found(names('a=b'), names('a=b=c', 2))).toEqual([]);
});

it.each([
  ['are two files in the tree', 'a=b c=d', 'c=d', ['a', 'b']],
  ['belong to two files of several names there', 'a=b', 'a=c b=d', ['a', 'b']],
  ['are one more than in the tree', 'a=b=c', 'a=b', ['a', 'b', 'c']],
])('finds names that %s', (_, replica, tree, expected) => {
  expect(found(names(replica), names(tree, 2))).toEqual(expected);
});

it('finds names of a file that has another one outside', () => {
  const replica = names('a=b').map((name) => ({ ...name, count: 3 }));
  expect(found(replica, names('a=b', 2))).toEqual(['a', 'b']);
});
