import type { PersistentVolumeClaim, Service, VolumeSnapshot } from '../../hosts/cluster/objects';
import { createdEvent, type EventfulStatus, eventsOf, eventsOfWaiting } from './due-events';

const RESOURCE = {
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind: 'ReplicationDestination' },
  metadata: { name: 'copy', namespace: 'shop' },
};

const due = (former: EventfulStatus, status: EventfulStatus, kind = RESOURCE.kind) =>
  eventsOf({ resource: { ...RESOURCE, kind }, former, status, job: 'volsync-dst-copy', claim: 'data' }).map(
    ({ type, reason, note }) => `${type} ${reason}: ${note}`,
  );

test('a sync that begins is told once, in the direction that the data goes', () => {
  const syncing = { lastSyncStartTime: '2026-11-30T08:00:00Z' };
  expect(due({}, syncing)).toEqual(['Normal TransferStarted: starting Job/volsync-dst-copy to receive data']);
  expect(due({}, syncing, 'ReplicationSource')).toEqual([
    'Normal TransferStarted: starting Job/volsync-dst-copy to transmit data',
  ]);
  expect(due(syncing, { ...syncing, lastSyncTime: '2026-11-30T07:00:00Z' })).toEqual([]);
  expect(due(syncing, {})).toEqual([]);
});

test('a transfer that fails is told with the last line of its mover, and again when it fails otherwise', () => {
  const failed = (logs: string) => ({ latestMoverStatus: { result: 'Failed', logs } });
  expect(due({}, failed('first\nno route to host\n'))).toEqual([
    'Warning TransferFailed: Job/volsync-dst-copy failed: no route to host',
  ]);
  expect(due(failed('no route to host'), failed('no route to host'))).toEqual([]);
  expect(due(failed('no route to host'), failed('no space left'))).toHaveLength(1);
  expect(due({}, { latestMoverStatus: { result: 'Successful', logs: 'Failed before' } })).toEqual([]);
});

test('a new image is told where it is a snapshot, and only when it is new', () => {
  const image = (kind: string, name: string) => ({ latestImage: { kind, name } });
  const first = image('VolumeSnapshot', 'data-20261130080000');
  expect(due({}, first)).toEqual([
    'Normal VolumeSnapshotCreated: created VolumeSnapshot/data-20261130080000 from PersistentVolumeClaim/data',
  ]);
  expect(due(first, first)).toEqual([]);
  expect(due(first, image('VolumeSnapshot', 'data-20261130090000'))).toHaveLength(1);
  expect(due({}, image('PersistentVolumeClaim', 'data'))).toEqual([]);
});

test('a restore of nothing is told as a warning, once for each sync', () => {
  const nothing = {
    ...{ lastSyncTime: '2026-11-30T08:00:00Z' },
    latestMoverStatus: { result: 'Successful', logs: 'No eligible snapshots found' },
  };
  expect(due({}, nothing)).toEqual([
    'Warning NothingRestored: the repository has no backup that is meant: nothing was restored',
  ]);
  expect(due(nothing, nothing)).toEqual([]);
});

test('an address is told when it is there, and when it changes', () => {
  const at = (address: string) => ({ rsync: { address } });
  expect(due({ rsync: {} }, at('10.0.0.1'))).toEqual([
    'Normal ServiceAddressAssigned: listening on address 10.0.0.1 for incoming connections',
  ]);
  expect(due(at('10.0.0.1'), at('10.0.0.1'))).toEqual([]);
  expect(due({}, { rsyncTLS: { address: 'lb.example.net' } })).toHaveLength(1);
});

test('what is made is told by its kind, and what it is of', () => {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim' as const,
    metadata: { name: 'volsync-a-src' },
  };
  const snapshot = { ...claim, apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot' as const };
  expect(createdEvent(claim)).toMatchObject({
    reason: 'PersistentVolumeClaimCreated',
    note: 'created PersistentVolumeClaim/volsync-a-src to receive incoming data',
  });
  expect(createdEvent(snapshot, claim)).toMatchObject({
    ...{ reason: 'VolumeSnapshotCreated', action: 'CreateVolumeSnapshot' },
    note: 'created VolumeSnapshot/volsync-a-src from PersistentVolumeClaim/volsync-a-src',
  });
});

const NOW = new Date('2026-11-30T08:10:00Z');
const secondsAgo = (seconds: number) => new Date(NOW.getTime() - 1000 * seconds).toISOString();

describe('what waits for the cluster', () => {
  const reasons = (made: Parameters<typeof eventsOfWaiting>[0]) =>
    eventsOfWaiting(made, NOW).map(({ type, reason }) => `${type} ${reason}`);
  const metadata = (age: number) => ({ name: 'data', creationTimestamp: secondsAgo(age) });

  test('a PVC that is not bound is told after two minutes', () => {
    const claim = (age: number, phase: 'Pending' | 'Bound'): PersistentVolumeClaim => ({
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: metadata(age), spec: {} },
      status: { phase },
    });
    expect(reasons({ claims: [claim(119, 'Pending'), claim(900, 'Bound')] })).toEqual([]);
    expect(reasons({ claims: [claim(121, 'Pending')] })).toEqual(['Warning PersistentVolumeClaimNotBound']);
  });

  test('a snapshot that is not bound is told after half a minute, in the words of its driver', () => {
    const snapshot = (age: number, status: VolumeSnapshot['status']): VolumeSnapshot => ({
      ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: metadata(age) },
      spec: { source: {} },
      ...(status && { status }),
    });
    const bound = { boundVolumeSnapshotContentName: 'content' };
    expect(reasons({ snapshots: [snapshot(29, {}), snapshot(900, bound)] })).toEqual([]);
    const [told] = eventsOfWaiting({ snapshots: [snapshot(31, { error: { message: 'no class' } })] }, NOW);
    expect(told).toMatchObject({ type: 'Warning', reason: 'VolumeSnapshotNotBound' });
    expect(told?.note).toContain('no class');
  });

  test('a Service without an address is told after a quarter of a minute', () => {
    const service = (age: number, status: Service['status']): Service => ({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: metadata(age) },
      spec: { type: 'LoadBalancer', clusterIP: '10.96.0.9' },
      ...(status && { status }),
    });
    const given = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
    expect(reasons({ services: [service(14, {}), service(900, given)] })).toEqual([]);
    expect(reasons({ services: [service(16, {})] })).toEqual(['Warning NoServiceAddressAssigned']);
  });
});
