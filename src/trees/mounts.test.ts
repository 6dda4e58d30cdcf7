import { findMount, isInside, parseMounts, relateFolders } from './mounts';

const MOUNTINFO = [
  '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '30 22 8:2 / /data rw,relatime shared:2 master:1 - xfs /dev/sdb1 rw,noquota',
  '31 30 0:40 /sub /data/with\\040blank\\011tab rw - btrfs /dev/sdc rw,subvolid=256',
  '32 22 0:41 / /read-only ro,relatime - tmpfs tmpfs rw',
  '33 22 0:42 / /frozen rw,relatime - iso9660 /dev/sr0 ro',
  '34 22 0:43 / /data rw,relatime - tmpfs tmpfs rw',
  '',
].join('\n');

const mounts = parseMounts(MOUNTINFO);

it('reads mount points with blanks and tabs in them, whatever optional fields a line has', () => {
  expect(mounts).toContainEqual({
    ...{ point: '/data/with blank\ttab', root: '/sub', type: 'btrfs', readOnly: false },
    ...{ device: '0:40', source: '/dev/sdc' },
  });
  expect(mounts).toHaveLength(6);
});

it('sees that a mount, or the filesystem below it, is read-only', () => {
  const readOnly = mounts.filter((mount) => mount.readOnly).map(({ point }) => point);
  expect(readOnly).toEqual(['/read-only', '/frozen']);
});

it('finds the deepest mount of a path, and of two on one point the newer', () => {
  expect(findMount(mounts, '/data/wiki').type).toBe('tmpfs');
  expect(findMount(mounts, '/data/with blank\ttab/x').type).toBe('btrfs');
  expect(findMount(mounts, '/database').point).toBe('/');
});

it('tells a folder from one whose name begins alike', () => {
  expect(isInside('/data/x', '/data')).toBe(true);
  expect(isInside('/database', '/data')).toBe(false);
  expect(isInside('/anything', '/')).toBe(true);
});

describe('how folders lie to each other', () => {
  const table = parseMounts(
    [
      '22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw',
      '30 22 8:2 / /data rw - xfs /dev/sdb1 rw',
      '31 22 8:2 /wiki/pages /bound rw - xfs /dev/sdb1 rw',
      '32 22 0:40 /@srv /srv rw - btrfs /dev/sdc rw',
      '33 22 0:40 / /pool rw - btrfs /dev/sdc rw',
      '34 30 0:41 / /data/mail/mounted rw - tmpfs tmpfs rw',
      '35 22 0:42 / /bound/over rw - tmpfs tmpfs rw',
      '36 22 0:43 / /bound/over rw - tmpfs tmpfs rw',
    ].join('\n'),
  );
  it.each([
    ['/data/wiki', '/data/wiki', 'same', false],
    ['/data/wiki/pages', '/bound', 'same', false],
    ['/bound/old', '/data/wiki', 'inside', false],
    ['/data', '/bound/old', 'contains', false],
    ['/srv/wiki', '/pool/@srv/wiki', 'same', false],
    ['/pool', '/srv/wiki', 'contains', false],
    ['/data/mail', '/data/mail/mounted/x', 'contains', true],
    ['/data/mail/mounted/x', '/data', 'inside', true],
    ['/', '/data/wiki', 'contains', true],
    ['/', '/srv', 'contains', true],
  ] as const)('%s to %s: %s', (path, other, how, acrossMount) => {
    expect(relateFolders(table, path, other)).toEqual({ how, acrossMount });
  });

  it.each([
    ['/data/wiki', '/data/mail'],
    ['/data/wiki', '/bounds'],
    ['/srv/wiki', '/pool/srv/wiki'],
    ['/data/mail', '/bound'],
  ])('%s is apart from %s', (path, other) => {
    expect(relateFolders(table, path, other)).toBeUndefined();
    expect(relateFolders(table, other, path)).toBeUndefined();
  });

  it('looks the same from both sides', () => {
    const paths = [
      '/data',
      '/data/wiki',
      '/data/wiki/pages/x',
      '/bound',
      '/bound/over',
      '/pool/@srv',
      '/srv',
    ];
    const TURNED = { same: 'same', inside: 'contains', contains: 'inside' } as const;
    for (const path of paths) {
      for (const other of paths) {
        const one = relateFolders(table, path, other);
        const back = relateFolders(table, other, path);
        expect({ path, other, back }).toEqual({ path, other, back: one && { ...one, how: TURNED[one.how] } });
      }
    }
  });
});
