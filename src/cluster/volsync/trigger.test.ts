import type { RelationshipStatus } from '../../model/status';
import { SYNC_FOR, type VolSyncResource } from './resource';
import { askedNow, cronOf, isAnswered, scheduleIn, syncDue } from './trigger';

const make = (spec: object, status: object = {}, asked?: object): VolSyncResource => ({
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind: 'ReplicationSource', spec, status },
  metadata: {
    ...{ name: 'db', namespace: 'shop', uid: 'u' },
    ...(asked && { annotations: { [SYNC_FOR]: JSON.stringify(asked) } }),
  },
});
const relationship = (more: object = {}, target: object = {}) =>
  ({
    ...{ phase: 'Idle', paused: false, sequence: 4, lastSync: {}, ...more },
    targets: [{ result: 'succeeded', sequence: 4, ...target }],
  }) as unknown as RelationshipStatus;
const manual = (tag: string) => ({ trigger: { manual: tag } });

test('a tag is answered by a sync that began after it, and by no other', () => {
  const asked = askedNow(make(manual('b'), { lastManualSync: 'a' }), relationship());
  expect(asked).toEqual({ tag: 'b', after: 4 });
  expect(isAnswered({ tag: 'b', after: 4 }, relationship())).toBe(false);
  expect(isAnswered({ tag: 'b', after: 4 }, relationship({}, { sequence: 5 }))).toBe(true);
  expect(isAnswered({ tag: 'b', after: 4 }, relationship({}, { sequence: 5, result: 'failed' }))).toBe(false);
});

test('a tag is noted once, and the sync that comes with a new resource answers its first', () => {
  expect(askedNow(make(manual('a')), undefined)).toEqual({ tag: 'a', after: 0 });
  expect(askedNow(make(manual('a'), {}, { tag: 'a', after: 0 }), relationship())).toBeUndefined();
  expect(askedNow(make(manual('a'), { lastManualSync: 'a' }), relationship())).toBeUndefined();
  expect(askedNow(make({}), undefined)).toBeUndefined();
});

test('a sync is begun for an open tag, and for a schedule by nobody but the schedule', () => {
  const open = make(manual('b'), { lastManualSync: 'a' }, { tag: 'b', after: 4 });
  expect(syncDue(open, relationship())).toMatch(/^volsync-/);
  expect(syncDue(open, relationship({}, { sequence: 5 }))).toBeUndefined();
  expect(syncDue(make({ trigger: { schedule: '* * * * *' } }), relationship())).toBeUndefined();
  // Neither: as soon as one is done, the next.
  expect(syncDue(make({}), relationship())).toMatch(/^volsync-/);
});

test('nothing is begun in a pause, beside another, or before the first', () => {
  const due = make({});
  expect(syncDue({ ...due, spec: { paused: true } }, relationship())).toBeUndefined();
  expect(syncDue(due, relationship({ paused: true }))).toBeUndefined();
  expect(syncDue(due, relationship({ operation: {} }))).toBeUndefined();
  expect(syncDue(due, relationship({ phase: 'Retrying' }))).toBeUndefined();
  expect(syncDue(due, relationship({ lastSync: undefined }))).toBeUndefined();
});

test('a new tag does not wait for what failed before it', () => {
  const open = make(manual('b'), { lastManualSync: 'a' }, { tag: 'b', after: 4 });
  const failed = relationship({ phase: 'Retrying' }, { result: 'failed' });
  expect(syncDue(open, failed)).toMatch(/^volsync-/);
  const tried = relationship({ phase: 'Retrying', sequence: 5 }, { result: 'failed', sequence: 5 });
  expect(syncDue(open, tried)).toBeUndefined();
});

test('a schedule by its name is one of five fields', () => {
  expect(cronOf('@daily')).toBe('0 0 * * *');
  expect(scheduleIn(make({ trigger: { schedule: ' 5 4 * * * ' } }))).toBe('5 4 * * *');
});

test('a tag is noted again where its relationship was made anew, or is another one', () => {
  const noted = { tag: 'a', after: 9, of: 'east.shop.db.source' };
  const resource = make(manual('a'), {}, noted);
  const same = { name: 'east.shop.db.source', sequence: 9 };
  expect(askedNow(resource, same)).toBeUndefined();
  expect(askedNow(resource, undefined)).toEqual({ tag: 'a', after: 0 });
  expect(askedNow(resource, { ...same, sequence: 2 })).toEqual({ tag: 'a', after: 2, of: same.name });
  expect(askedNow(resource, { name: 'east.shop.db.destination', sequence: 12 })).toMatchObject({ after: 12 });
});
