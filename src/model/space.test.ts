import fc from 'fast-check';
import { checkSpace, describeRest, estimateNeededBytes } from './space';
import type { SpaceQuestion } from './space';

const MiB = 1024 ** 2;

function question(change: Partial<SpaceQuestion>): SpaceQuestion {
  return {
    ...{ host: 'beta', volume: '/srv/wiki', method: 'Clone', replicaBytes: 0, freeBytes: 0 },
    ...{ source: { disk: 0, files: 0 }, point: { disk: 0 } },
    ...change,
  };
}

const same = (bytes: number) => ({ disk: bytes, files: bytes });

test('a sync that can not fit is refused, and the text says how much is missing', () => {
  const failure = checkSpace(question({ source: same(900 * MiB), freeBytes: 300 * MiB }));
  expect(failure).toMatchObject({ type: 'TargetFull', host: 'beta', volume: '/srv/wiki' });
  expect(failure?.message).toContain('600 MiB are missing');
});

test('what the target already holds need not fit again', () => {
  const held = { point: same(850 * MiB), replicaBytes: 850 * MiB };
  expect(checkSpace(question({ source: same(900 * MiB), ...held, freeBytes: 60 * MiB }))).toBeUndefined();
});

test('hard-linked generations need what is new twice', () => {
  const first = question({ source: same(100), freeBytes: 150 });
  expect(checkSpace({ ...first, method: 'HardLink' })).toBeDefined();
  expect(checkSpace({ ...first, method: 'Snapshot' })).toBeUndefined();
});

test('what a broken transfer left in the replica need not fit again, but still has to be frozen', () => {
  const resumed = question({ method: 'HardLink', source: same(100), replicaBytes: 60, point: same(20) });
  expect(estimateNeededBytes(resumed)).toBe(40 + 80);
  expect(estimateNeededBytes({ ...resumed, method: 'Clone' })).toBe(40);
});

test('a target whose filesystem takes less for the same files is not taken for one that lacks them', () => {
  const compressed = { replicaBytes: 40, point: { disk: 40, files: 100 } };
  expect(estimateNeededBytes(question({ source: same(100), ...compressed }))).toBe(0);
  expect(estimateNeededBytes(question({ source: same(107), ...compressed }))).toBe(7);
});

test('a sync is refused exactly when it needs more than is free', () => {
  const bytes = fc.nat(1e9);
  const size = fc.record({ disk: bytes, files: bytes });
  const method = fc.constantFrom('HardLink' as const, 'Clone' as const);
  fc.assert(
    fc.property(size, size, bytes, bytes, method, (source, point, replicaBytes, freeBytes, how) => {
      const asked = question({ method: how, source, point, replicaBytes, freeBytes });
      expect(checkSpace(asked) !== undefined).toBe(estimateNeededBytes(asked) > freeBytes);
    }),
  );
});

test('a device that is shorter than its source is refused with both lengths, whatever the source takes on disk', () => {
  const device = { fixedBytes: 64 * MiB, replicaBytes: 64 * MiB };
  const sparse = { disk: MiB, files: 65 * MiB };
  expect(checkSpace(question({ ...device, source: sparse }))).toMatchObject({
    type: 'TargetFull',
    message: expect.stringMatching(
      /holds 64.0 MiB \(67108864 bytes\).*65.0 MiB \(68157440 bytes\)/,
    ) as unknown,
  });
  expect(checkSpace(question({ ...device, source: same(64 * MiB) }))).toBeUndefined();
});

test('what of a longer device no sync writes to is told', () => {
  expect(describeRest(100 * MiB, 64 * MiB)).toContain('36.0 MiB longer');
  expect(describeRest(64 * MiB, 64 * MiB)).toBeUndefined();
  expect(describeRest(undefined, 64 * MiB)).toBeUndefined();
});
