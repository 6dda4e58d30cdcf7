import { findMount, isInside, parseMounts } from './mounts';

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
