import { lacksAttributesAlone, readAgain, refusedBy } from './trial';

// What rsync 3.5.0 and its rrsync said.
describe('what an account refused', () => {
  it.each([
    ['ACLs are not supported on this server', ['--no-acls']],
    ['extended attributes are not supported on this server', ['--no-xattrs']],
    ['/usr/bin/rrsync error: invalid rsync-command syntax or options', ['--no-acls', '--no-xattrs']],
  ])('is told by %j', (stderr, refused) => {
    expect(refusedBy({ stderr })).toEqual(refused);
  });
});

it('tells a filesystem without attributes from everything else that may have failed', () => {
  const attributes =
    'rsync: [receiver] rsync_xal_set: lsetxattr("/x/probe","user.x") failed: Operation not supported (95)';
  const acls =
    'rsync: [receiver] set_acl: sys_acl_set_file(probe, ACL_TYPE_ACCESS): Operation not supported (95)';
  const sum =
    'rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1394)';
  expect(lacksAttributesAlone([attributes, acls, sum].join('\n'))).toBe(true);
  const other = 'rsync: [receiver] mkstemp "/x/.probe.X" failed: Permission denied (13)';
  expect(lacksAttributesAlone([attributes, other, sum].join('\n'))).toBe(false);
  expect(lacksAttributesAlone(sum)).toBe(false);
});

describe('what a dry pass would send again', () => {
  it('is nothing where all is there, and times are compared to the nanosecond', () => {
    expect(readAgain('')).toEqual({ isExact: true, refused: [] });
    expect(readAgain('.d..t...... .tidemark/\n')).toEqual({ isExact: true, refused: [] });
  });

  it('tells by a time that it keeps it less exactly', () => {
    expect(readAgain('<f..t...... .tidemark/probe\n')).toEqual({ isExact: false, refused: [] });
  });

  it('tells what is no file and was not made', () => {
    const skipped =
      'skipping non-regular file ".tidemark/probe-fifo"\nskipping non-regular file ".tidemark/probe-device"';
    expect(readAgain(skipped)).toEqual({ isExact: true, refused: ['--no-devices', '--no-specials'] });
    expect(readAgain('cS+++++++++ .tidemark/probe-fifo\n').refused).toEqual(['--no-specials']);
  });
});
