import { pointsAmong, readNewId } from './snapshots';
import { encodeStamp, type Snapshot } from './stamp';

const stamp = (sequence: number) => ({
  ...{ id: `point-${sequence}`, syncId: `sync-${sequence}`, sequence, bytes: 1, files: 1 },
  ...{ capturedAt: '2026-11-30T00:00:00Z', publishedAt: '2026-11-30T00:00:01Z' },
});
const snapshot = (id: string, tags: string[], original?: string): Snapshot => ({
  ...{ id, time: '', tags, paths: [], hostname: '', excludes: [] },
  ...(original !== undefined && { original }),
});

it('knows a snapshot by its new id where restic says that', () => {
  const said = [
    'create exclusive lock for repository',
    '{"message_type":"changed","old_snapshot_id":"a","new_snapshot_id":"b"}',
    '{"message_type":"summary","changed_snapshots":1}',
  ];
  expect(readNewId(said.join('\n'))).toBe('b');
  expect(readNewId('{"message_type":"summary","changed_snapshots":0}')).toBeUndefined();
  expect(readNewId('modified tags on 1 snapshots')).toBeUndefined();
});

it('counts a point once while its snapshot is there with two stamps, and by the same identity', () => {
  const tag = encodeStamp(stamp(2));
  const kept = pointsAmong([
    snapshot('b', [tag], 'a'),
    snapshot('c', [tag, 'x=y'], 'a'),
    snapshot('d', ['sync=3']),
    snapshot('e', [encodeStamp(stamp(1))]),
  ]);
  expect(kept.map(({ point }) => [point.id, point.identity])).toEqual([
    ['point-1', 'restic:e'],
    ['point-2', 'restic:a'],
  ]);
});
