import { parseNode, readMode } from './list-content';

test("modes are read as chmod takes them, from restic's letters", () => {
  expect(['-rw-r--r--', 'drwxr-x---', 'urwxr-xr-x', 'dgrwxr-x---', 'dtrwxrwxrw-'].map(readMode)).toEqual([
    '644',
    '750',
    '4755',
    '2750',
    '1776',
  ]);
  expect(readMode('')).toBeUndefined();
});

test('a time is told in one zone, to the nanosecond', () => {
  const node = {
    ...{
      struct_type: 'node',
      path: '/a b',
      type: 'file',
      uid: 1,
      gid: 2,
      size: 3,
      permissions: '-rw-------',
    },
    mtime: '2026-11-21T09:02:10.5+01:00',
  };
  expect(parseNode(JSON.stringify(node))).toEqual({
    ...{ path: 'a b', type: 'file', bytes: 3, mode: '600', owner: '1:2' },
    modifiedAt: '2026-11-21T08:02:10.500000000Z',
  });
  expect(parseNode('{"struct_type":"snapshot"}')).toBeUndefined();
});
