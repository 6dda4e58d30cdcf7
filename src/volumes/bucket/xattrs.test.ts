import { parseXattrs, renderXattrs } from './xattrs';

// As getfattr printed it: of names with a newline, a backslash, and a byte that is no text.
const LINES = [
  ...['# file: ./n\\012l \u00ff\\134x', 'user.a=0x00ff0a', 'system.posix_acl_access=0x0200', ''],
  ...['# file: ./h', 'user.empty=0x', 'trusted.SGI_ACL_FILE=0x00', 'security.selinux=0x00', ''],
];

test('reads what getfattr prints, and leaves out what is nobody’s data', () => {
  expect([...parseXattrs(LINES)]).toEqual([
    ['./n\nl \u00ff\\x', { 'user.a': '00ff0a', 'system.posix_acl_access': '0200' }],
    ['./h', { 'user.empty': '' }],
  ]);
});

test('writes what setfattr reads', () => {
  const found = parseXattrs(LINES);
  expect(parseXattrs(renderXattrs([...found]).split('\n'))).toEqual(found);
});
