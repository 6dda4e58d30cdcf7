import { Registry } from 'prom-client';
import { isOutOfSync, labelsOf, type MeasuredResource, parseGoDuration, VolSyncMetrics } from './metrics';

const at = (time: string) => `2026-11-30T${time}Z`;

const make = (status: MeasuredResource['status'], more: MeasuredResource['spec'] = {}): MeasuredResource => ({
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind: 'ReplicationSource' },
  metadata: { name: 'data', namespace: 'shop', uid: 'u1' },
  spec: { restic: {}, trigger: { schedule: '0 * * * *' }, ...more },
  ...(status && { status }),
});
const LABELS = 'obj_name="data",obj_namespace="shop",role="source",method="restic"';

test('a resource is told by its name, its role and its method', () => {
  expect(labelsOf(make({}))).toEqual({
    ...{ obj_name: 'data', obj_namespace: 'shop', role: 'source', method: 'restic' },
  });
  const tls = { ...make({}), kind: 'ReplicationDestination', spec: { rsyncTLS: {} } };
  expect(labelsOf(tls)).toMatchObject({ role: 'destination', method: 'rsync-tls' });
  expect(labelsOf({ ...tls, spec: {} })).toBeUndefined();
  expect(labelsOf({ ...tls, spec: { rsync: {}, rclone: {} } })).toBeUndefined();
});

test.each([
  ['31.3s', 31.3],
  ['5m15s', 315],
  ['1h0m0.5s', 3600.5],
  ['250ms', 0.25],
  ['0s', 0],
  ['', undefined],
  ['5', undefined],
  ['5s and more', undefined],
])('a duration as Go writes it: %p is %p seconds', (text, seconds) => {
  const parsed = parseGoDuration(text);
  if (seconds === undefined) expect(parsed).toBeUndefined();
  else expect(parsed).toBeCloseTo(seconds);
});

test('a volume is out of sync until its first sync, and when the tick after the next has passed', () => {
  const now = (time: string) => new Date(at(time));
  expect(isOutOfSync(make({}), now('08:00:00'))).toBe(true);
  const synced = make({ lastSyncTime: at('08:10:00') });
  expect(isOutOfSync(synced, now('09:59:00'))).toBe(false);
  expect(isOutOfSync(synced, now('10:01:00'))).toBe(true);
});

test('without a schedule nothing is late', () => {
  const now = new Date('2027-11-30T08:00:00Z');
  const status = { lastSyncTime: at('08:10:00') };
  expect(isOutOfSync(make(status, { trigger: {} }), now)).toBe(false);
  expect(isOutOfSync(make(status, { trigger: { schedule: '0 * * * *', manual: 'once' } }), now)).toBe(false);
  expect(isOutOfSync(make(status, { trigger: { schedule: '99 99 * * *' } }), now)).toBe(false);
});

test('syncs are counted as they end, with how long they took and whether they were late', async () => {
  const registry = new Registry();
  const metrics = new VolSyncMetrics(registry, () => new Date(at('12:30:00')));
  metrics.see(make({ lastSyncTime: at('08:10:00'), lastSyncDuration: '99s' }));
  metrics.see(make({ lastSyncTime: at('08:10:00'), lastSyncDuration: '99s' }));
  metrics.see(make({ lastSyncTime: at('09:05:00'), lastSyncDuration: '5m0s' }));
  metrics.see(make({ lastSyncTime: at('12:05:00'), lastSyncDuration: '2h5m0s' }));
  const text = await registry.metrics();
  expect(text).toContain(`volsync_missed_intervals_total{${LABELS}} 1\n`);
  expect(text).toContain(`volsync_volume_out_of_sync{${LABELS}} 0\n`);
  expect(text).toContain(`volsync_sync_duration_seconds_count{${LABELS}} 2\n`);
  expect(text).toContain(`volsync_sync_duration_seconds_sum{${LABELS}} 7800\n`);
  expect(text).toContain(`volsync_sync_duration_seconds{quantile="0.99",${LABELS}} 7500\n`);
});

test('of a resource that is gone nothing is told; one that is made anew begins anew', async () => {
  const registry = new Registry();
  const metrics = new VolSyncMetrics(registry);
  const old = make({ lastSyncTime: at('08:10:00'), lastSyncDuration: '1s' });
  metrics.see(old);
  metrics.see({ ...make({}), metadata: { ...old.metadata, uid: 'u2' } });
  metrics.see({ ...old, metadata: { ...old.metadata, uid: 'u3' } });
  expect(await registry.metrics()).not.toContain('volsync_sync_duration_seconds_count');
  metrics.forget(old);
  expect(await registry.metrics()).not.toContain('obj_name');
});
