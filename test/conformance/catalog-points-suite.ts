import type { Catalog } from '../../src/catalog/contract';
import { makeOutcome, makePoint, makeSync, minute } from '../support/model/records';

/** What the catalog contract promises of recovery points. */
export function describePoints(catalog: () => Catalog): void {
  test('knows the points that a target keeps now, newest first, and forgets those that were pruned', async () => {
    const [one, two, three] = [1, 2, 3].map((n) => makePoint('kept', n)) as [never, never, never];
    await catalog().recordSync(makeSync('kept', 2, { targets: [makeOutcome('beta', [one, two])] }));
    await catalog().recordSync(makeSync('kept', 3, { targets: [makeOutcome('beta', [two, three])] }));
    const points = await catalog().points('kept');
    expect(points.map(({ syncId }) => syncId)).toEqual(['kept-000003', 'kept-000002']);
    expect(points[0]).toEqual({
      id: '20261121T080300Z-000003',
      target: 'beta',
      syncId: 'kept-000003',
      capturedAt: minute(3),
      publishedAt: minute(3, 30),
      verified: null,
      keptBecause: ['last 3'],
      bytes: 5_000_000_003,
      files: 40_000,
      method: 'HardLink',
      identity: 'identity-3',
      leftOut: [],
    });
  });

  test('keeps what a point lacks, with its examples, through later syncs that tell the counts alone', async () => {
    const leftOut = [{ reason: 'mount' as const, count: 1, examples: ['var/cache'] }];
    const point = { ...makePoint('lacking', 1), leftOut };
    const outcome = { ...makeOutcome('beta', [{ ...point, leftOut: [{ ...leftOut[0]!, examples: [] }] }]) };
    await catalog().recordSync(
      makeSync('lacking', 1, { targets: [{ ...outcome, point, points: [point], leftOut }] }),
    );
    await catalog().recordSync(makeSync('lacking', 2, { targets: [outcome] }));
    expect(await catalog().points('lacking')).toMatchObject([{ leftOut }]);
    const [newer, older] = await catalog().history('lacking', { limit: 2 });
    expect(older?.targets[0]?.leftOut).toEqual(leftOut);
    expect(newer?.targets[0]?.leftOut).toEqual([]);
  });

  test('leaves the points of other targets, and of a target that failed, as they were', async () => {
    const failed = { name: 'gamma', host: 'gamma', result: 'failed', attempts: 1 } as const;
    const both = [makeOutcome('beta', [makePoint('two', 1)]), makeOutcome('gamma', [makePoint('two', 1)])];
    await catalog().recordSync(makeSync('two', 1, { targets: both }));
    await catalog().recordSync(
      makeSync('two', 2, { targets: [makeOutcome('beta', [makePoint('two', 2)]), failed] }),
    );
    expect((await catalog().points('two', 'beta')).map(({ syncId }) => syncId)).toEqual(['two-000002']);
    expect((await catalog().points('two', 'gamma')).map(({ syncId }) => syncId)).toEqual(['two-000001']);
    expect(await catalog().points('two')).toHaveLength(2);
  });

  test('forgets all points of a target that keeps none', async () => {
    await catalog().recordSync(makeSync('emptied', 1));
    await catalog().recordSync(makeSync('emptied', 2, { targets: [makeOutcome('beta', [])] }));
    expect(await catalog().points('emptied')).toEqual([]);
  });

  test('does not bring back pruned points when an old sync is told again', async () => {
    const first = makeSync('late', 1);
    await catalog().recordSync(first);
    await catalog().recordSync(makeSync('late', 2));
    await catalog().recordSync(first);
    expect((await catalog().points('late')).map(({ syncId }) => syncId)).toEqual(['late-000002']);
  });

  test('remembers a verification through later syncs, and renews why a point is kept', async () => {
    const point = makePoint('verified', 1);
    await catalog().recordSync(makeSync('verified', 1, { targets: [makeOutcome('beta', [point])] }));
    const verified = { relationship: 'verified', target: 'beta', pointId: point.id };
    await catalog().recordVerified({ ...verified, at: minute(9) });
    await catalog().recordVerified({ ...verified, at: minute(4) });
    const again = [{ ...point, keptBecause: ['daily 1'] }, makePoint('verified', 2)];
    await catalog().recordSync(makeSync('verified', 2, { targets: [makeOutcome('beta', again)] }));
    const old = (await catalog().points('verified')).at(-1);
    expect(old).toMatchObject({ id: point.id, verified: minute(9), keptBecause: ['daily 1'] });
  });

  test('forgets the verification of a point that was found to be damaged', async () => {
    const point = makePoint('damaged', 1);
    await catalog().recordSync(makeSync('damaged', 1, { targets: [makeOutcome('beta', [point])] }));
    const noted = { relationship: 'damaged', target: 'beta', pointId: point.id };
    await catalog().recordVerified({ ...noted, at: minute(9) });
    await catalog().recordVerified({ ...noted, at: null });
    expect(await catalog().points('damaged')).toMatchObject([{ id: point.id, verified: null }]);
  });

  test('takes a verification date that the target itself remembered', async () => {
    const point = makePoint('remembered', 1);
    await catalog().recordSync(makeSync('remembered', 1, { targets: [makeOutcome('beta', [point])] }));
    const verifiedPoint = { ...point, verifiedAt: minute(7) };
    await catalog().recordSync(
      makeSync('remembered', 2, { targets: [makeOutcome('beta', [verifiedPoint])] }),
    );
    expect(await catalog().points('remembered')).toMatchObject([{ verified: minute(7) }]);
  });

  test('does not take over the verification of another state under the same id', async () => {
    const point = makePoint('swapped', 1);
    await catalog().recordSync(makeSync('swapped', 1, { targets: [makeOutcome('beta', [point])] }));
    await catalog().recordVerified({
      relationship: 'swapped',
      target: 'beta',
      pointId: point.id,
      at: minute(2),
    });
    const other = { ...point, identity: 'another' };
    await catalog().recordSync(makeSync('swapped', 2, { targets: [makeOutcome('beta', [other])] }));
    expect(await catalog().points('swapped')).toMatchObject([{ identity: 'another', verified: null }]);
  });

  test('orders points by when they were made, also when the clock jumped back', async () => {
    const before = makePoint('clock', 1, { capturedAt: minute(40) });
    const after = makePoint('clock', 2, { capturedAt: minute(10) });
    await catalog().recordSync(makeSync('clock', 2, { targets: [makeOutcome('beta', [after, before])] }));
    expect((await catalog().points('clock')).map(({ syncId }) => syncId)).toEqual([
      'clock-000002',
      'clock-000001',
    ]);
  });

  test('holds more points of one target than fit one statement', async () => {
    const many = Array.from({ length: 2500 }, (_, n) => makePoint('many', n + 1));
    await catalog().recordSync(makeSync('many', 2500, { targets: [makeOutcome('beta', many)] }));
    const points = await catalog().points('many');
    expect(points).toHaveLength(2500);
    expect(points[0]?.syncId).toBe('many-002500');
  });
}
