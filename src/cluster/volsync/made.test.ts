import type { PersistentVolumeClaim, VolumeSnapshot } from '../../hosts/cluster/objects';
import { eventsOfNew, isToBeAsked } from './made';
import type { VolSyncResource } from './resource';

const NOW = new Date('2026-11-30T08:10:00Z');
const secondsAgo = (seconds: number) => new Date(NOW.getTime() - 1000 * seconds).toISOString();
const resource = (kind: VolSyncResource['kind']): VolSyncResource => ({
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind, metadata: { name: 'a', namespace: 'shop' } },
});
const metadata = (age: number) => ({ name: 'volsync-a-src', creationTimestamp: secondsAgo(age) });
const snapshot = (age: number): VolumeSnapshot => ({
  ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: metadata(age) },
  spec: { source: { persistentVolumeClaimName: 'data' } },
});
const claim = (dataSource?: PersistentVolumeClaim['spec']['dataSource']): PersistentVolumeClaim => ({
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: metadata(1) },
  spec: { ...(dataSource && { dataSource }) },
});

test('what was made just now is told with what it is of; older things, and images, are told elsewhere', () => {
  const from = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'volsync-a-src' };
  const made = { snapshots: [snapshot(1), snapshot(100)], claims: [claim(from)] };
  const notes = (kind: VolSyncResource['kind'], objects: Parameters<typeof eventsOfNew>[1]) =>
    eventsOfNew(resource(kind), objects, NOW).map(({ note }) => note);
  expect(notes('ReplicationSource', made)).toEqual([
    'created VolumeSnapshot/volsync-a-src from PersistentVolumeClaim/data',
    'created PersistentVolumeClaim/volsync-a-src from VolumeSnapshot/volsync-a-src',
  ]);
  expect(notes('ReplicationDestination', { ...made, claims: [claim()] })).toEqual([
    'created PersistentVolumeClaim/volsync-a-src to receive incoming data',
  ]);
});

test('the cluster is asked while something is synced, and more often at its begin', () => {
  const now = NOW.getTime();
  const since = (seconds: number) => ({ lastSyncStartTime: secondsAgo(seconds) });
  expect(isToBeAsked({}, undefined, now)).toBe(false);
  expect(isToBeAsked(since(900), undefined, now)).toBe(true);
  expect(isToBeAsked(since(10), now - 5_000, now)).toBe(true);
  expect(isToBeAsked(since(900), now - 5_000, now)).toBe(false);
  expect(isToBeAsked(since(900), now - 40_000, now)).toBe(true);
});
