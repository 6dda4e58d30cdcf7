import { checkParts } from '../../test/support/model/check-parts';
import { volumeIn, volumeKeys, volumeOf } from './endpoints';
import type { Relationship } from './spec';

test('a volume goes with what its endpoint says about it, and with nothing else', () => {
  const endpoint = { host: 'beta', zfs: 'tank/wiki', mustBeMounted: true, copyMethod: 'Auto', class: 'node' };
  expect(volumeOf(endpoint)).toEqual({ kind: 'zfs', path: 'tank/wiki', options: { mustBeMounted: true } });
  expect(volumeKeys(endpoint)).toEqual({ zfs: 'tank/wiki', mustBeMounted: true });
});

test('an option that is not said is left out', () => {
  expect(volumeOf({ directory: '/srv/wiki' })).toEqual({ kind: 'directory', path: '/srv/wiki', options: {} });
});

test('a store on a cluster is worked with for the claim that is there: the source’s, or else the first target’s', () => {
  const store = { repository: 's3:https://s3.example.net/wiki', credentials: 'wiki' };
  const claim = (pvc: string) => ({ host: 'east', pvc, runAs: '1000' });
  const make = (parts: Parameters<typeof checkParts>[0]) => checkParts(parts).relationship as Relationship;
  const written = make({ source: { ...claim('shop/data'), directory: undefined }, targets: [store] });
  const read = make({
    source: { ...store, host: 'east', directory: undefined },
    targets: [{ host: 'nas', directory: '/srv/x' }, claim('shop/a'), { ...claim('spare/b'), name: 'b' }],
  });
  const onMachine = make({ targets: [store] });
  const [target, elsewhere] = [written.spec.targets[0], onMachine.spec.targets[0]];
  expect(target && volumeIn(written, target).near).toEqual({
    path: 'shop/data',
    options: { runAs: '1000', mustBeMounted: false },
  });
  expect(volumeIn(read, read.spec.source).near?.path).toBe('shop/a');
  expect(elsewhere && volumeIn(onMachine, elsewhere)).not.toHaveProperty('near');
});
