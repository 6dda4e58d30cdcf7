import { findForeignLinks, type LinkedName, parseLinkedNames } from './linked-names';

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

it('reads names whatever is in them', () => {
  const printed = Buffer.from(
    '1:7 3 a\0' + '1:8 2 b/c\0' + '1:7 3 with a\nline and 1:9 2 x\0' + '1:8 2  d\0',
  );
  expect(parseLinkedNames(printed)).toEqual([
    { file: '1:7', count: 3, path: './a' },
    { file: '1:8', count: 2, path: './b/c' },
    { file: '1:7', count: 3, path: './with a\nline and 1:9 2 x' },
    { file: '1:8', count: 2, path: './ d' },
  ]);
  expect(parseLinkedNames(Buffer.alloc(0))).toEqual([]);
});
