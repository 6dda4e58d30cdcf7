import type { ClusterApi } from '../../hosts/cluster/contract';
import type { ClusterObject } from '../../hosts/cluster/objects';
import { type ResourceEvent, tellEvent, tellEvents } from './events';

const RESOURCE = {
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind: 'ReplicationSource' },
  metadata: { name: 'n'.repeat(253), namespace: 'shop', uid: 'u1' },
};
const STARTED: ResourceEvent = {
  ...{ type: 'Normal', reason: 'TransferStarted', action: 'CreateMover', note: 'starting' },
  related: { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'job', namespace: 'shop' } },
};
const START = new Date('2026-11-30T08:00:00.000Z');
const later = (minutes: number) => new Date(START.getTime() + 60_000 * minutes);

/** Objects by their names, as an API server keeps them. */
function makeApi() {
  const kept = new Map<string, ClusterObject>();
  const api = {
    read: ({ metadata }: ClusterObject) => Promise.resolve(kept.get(metadata.name)),
    create: (object: ClusterObject) => {
      kept.set(object.metadata.name, object);
      return Promise.resolve(object);
    },
    patch: ({ metadata }: ClusterObject, change: object) => {
      const changed = { ...kept.get(metadata.name), ...change } as ClusterObject;
      kept.set(metadata.name, changed);
      return Promise.resolve(changed);
    },
  } as unknown as ClusterApi;
  return { api, kept: () => [...kept.values()] as (ClusterObject & Record<string, unknown>)[] };
}

test('an event says whom it is about, and comes from where VolSync tells its own', async () => {
  const { api, kept } = makeApi();
  await tellEvent(api, RESOURCE, { ...STARTED, note: '€'.repeat(1000) }, START);
  const [event] = kept();
  expect(event).toMatchObject({
    ...{ apiVersion: 'events.k8s.io/v1', kind: 'Event', eventTime: '2026-11-30T08:00:00.000000Z' },
    ...{ reportingController: 'volsync-controller', type: 'Normal', reason: 'TransferStarted' },
    regarding: { kind: 'ReplicationSource', name: RESOURCE.metadata.name, uid: 'u1' },
    related: { kind: 'Job', name: 'job' },
  });
  expect(Buffer.byteLength(event?.note as string)).toBeLessThanOrEqual(1024);
  expect(event?.note).toMatch(/^€+…$/);
  expect(event?.metadata.name.length).toBeLessThanOrEqual(253);
});

test('the same event is not told again within minutes, and counted after them', async () => {
  const { api, kept } = makeApi();
  for (const minutes of [0, 1, 4]) await tellEvent(api, RESOURCE, STARTED, later(minutes));
  expect(kept()).toHaveLength(1);
  expect(kept()[0]?.series).toBeUndefined();
  for (const minutes of [6, 7, 12]) await tellEvent(api, RESOURCE, STARTED, later(minutes));
  expect(kept()).toHaveLength(1);
  expect(kept()[0]?.series).toEqual({ count: 3, lastObservedTime: '2026-11-30T08:12:00.000000Z' });
});

test('another event, and one of a resource that was made anew, is one of its own', async () => {
  const { api, kept } = makeApi();
  await tellEvent(api, RESOURCE, STARTED, START);
  await tellEvent(api, RESOURCE, { ...STARTED, note: 'otherwise' }, START);
  await tellEvent(api, { ...RESOURCE, metadata: { ...RESOURCE.metadata, uid: 'u2' } }, STARTED, START);
  expect(kept()).toHaveLength(3);
});

test('an event that the API server does not take keeps none of the others back', async () => {
  const { api, kept } = makeApi();
  const create = api.create.bind(api);
  let isFirst = true;
  api.create = (object) => {
    if (!isFirst) return create(object);
    isFirst = false;
    return Promise.reject(new Error('forbidden'));
  };
  const warned: string[] = [];
  const log = { warn: (_: object, message: string) => void warned.push(message) };
  await tellEvents(api, RESOURCE, [STARTED, { ...STARTED, note: 'otherwise' }], log);
  expect(warned).toEqual(['an event could not be told']);
  expect(kept()).toHaveLength(1);
});
