import { volumeKeys, volumeOf } from './endpoints';

test('a volume goes with what its endpoint says about it, and with nothing else', () => {
  const endpoint = { host: 'beta', zfs: 'tank/wiki', mustBeMounted: true, copyMethod: 'Auto', class: 'node' };
  expect(volumeOf(endpoint)).toEqual({ kind: 'zfs', path: 'tank/wiki', options: { mustBeMounted: true } });
  expect(volumeKeys(endpoint)).toEqual({ zfs: 'tank/wiki', mustBeMounted: true });
});

test('an option that is not said is left out', () => {
  expect(volumeOf({ directory: '/srv/wiki' })).toEqual({ kind: 'directory', path: '/srv/wiki', options: {} });
});
