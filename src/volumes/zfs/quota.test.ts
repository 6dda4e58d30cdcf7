import { findTightestQuota } from './quota';

const lines = (datasets: Record<string, Record<string, number>>) =>
  Object.entries(datasets)
    .flatMap(([name, numbers]) =>
      Object.entries(numbers).map(([property, value]) => `${name}\t${property}\t${value}`),
    )
    .join('\n');

test('the quota that leaves least is found, above and below, where it leaves less than the pool has', () => {
  const pool = { tank: { available: 900, quota: 0 } };
  const found = (others: Record<string, Record<string, number>>) =>
    findTightestQuota(lines({ ...pool, ...others }), 'tank');
  expect(found({ 'tank/a': { quota: 0, available: 900 } })).toBeUndefined();
  expect(found({ 'tank/a': { quota: 1000, used: 10 } })).toBeUndefined();
  expect(found({ 'tank/a': { quota: 1000, used: 900 }, 'tank/a/b': { quota: 0 } })).toMatchObject({
    ...{ what: 'quota of tank/a', bytes: 1000, usedBytes: 900, freeOutsideBytes: 900 },
    hint: 'raise it there: zfs set quota=SIZE tank/a',
  });
  const below = { 'tank/a': { quota: 1000, used: 900 }, 'tank/a/b': { refquota: 50, referenced: 49 } };
  expect(found(below)).toMatchObject({ what: 'refquota of tank/a/b', bytes: 50, usedBytes: 49 });
});
