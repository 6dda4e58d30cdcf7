import type { Catalog, SyncDurations } from '../../src/catalog/contract';
import { DURATION_BUCKETS } from '../../src/catalog/contract';
import { makeDocument, makeOutcome, makePoint, makeSync, minute } from '../support/model/records';
import { describeEvents } from './catalog-events-suite';
import { describePoints } from './catalog-points-suite';
import { describeNotices } from './catalog-notices-suite';
import { describeStates } from './catalog-states-suite';

/** Every promise of the catalog contract. @param open a catalog that is empty at first. */
export function describeCatalog(kind: string, open: () => Promise<Catalog>): void {
  describe(`the catalog in ${kind}`, () => {
    let catalog: Catalog;
    beforeAll(async () => {
      catalog = await open();
    });
    afterAll(async () => {
      await catalog.close();
    });
    describeHistory(() => catalog);
    describePoints(() => catalog);
    describeRelationships(() => catalog);
    describeTotals(() => catalog);
    describeAgents(() => catalog);
    describeStates(() => catalog);
    describeEvents(() => catalog);
    describeNotices(() => catalog);
  });
}

function describeHistory(catalog: () => Catalog): void {
  test('answers a ping', async () => {
    await expect(catalog().ping()).resolves.toBeUndefined();
  });

  test('gives a sync back as it was recorded, with numbers as numbers and instants in ISO 8601', async () => {
    const point = makePoint('whole', 3);
    await catalog().recordSync(makeSync('whole', 3, { targets: [makeOutcome('beta', [point])] }));
    expect(await catalog().history('whole', { limit: 10 })).toEqual([
      {
        id: expect.any(Number) as number,
        syncId: 'whole-000003',
        relationship: 'whole',
        sequence: 3,
        reason: 'schedule',
        startedAt: '2026-11-21T08:03:00.000Z',
        capturedAt: '2026-11-21T08:03:01.000Z',
        endedAt: '2026-11-21T08:03:45.000Z',
        durationSeconds: 45,
        result: 'succeeded',
        errorType: null,
        error: null,
        hint: null,
        workflowId: 'relationship/whole',
        runId: 'run-of-whole',
        targets: [
          {
            name: 'beta',
            host: 'beta',
            result: 'succeeded',
            how: 'incremental',
            bytesSent: 1000,
            bytesChanged: 800,
            filesChanged: 7,
            filesDeleted: 2,
            attempts: 1,
            durationSeconds: 12.5,
            recoveryPoint: point.id,
            errorType: null,
            error: null,
            toolMessage: null,
            hint: null,
            leftOut: [],
            reachedBytes: null,
          },
        ],
      },
    ]);
  });

  test('keeps why a sync and each of its targets failed, with text that no database takes as it is', async () => {
    const failure = {
      type: 'TargetFull',
      message: 'no \0 space \ud800',
      toolMessage: "rsync: 'x'",
      hint: 'free 3 GiB',
    } as const;
    const targets = [
      makeOutcome('beta', []),
      { name: 'gamma', host: 'gamma', result: 'failed', attempts: 4, failure, reachedBytes: 300 } as const,
    ];
    await catalog().recordSync(makeSync('failing', 1, { result: 'partial', targets: [...targets], failure }));
    const [sync] = await catalog().history('failing', { limit: 1 });
    expect(sync).toMatchObject({
      result: 'partial',
      errorType: 'TargetFull',
      error: 'no \ufffd space \ufffd',
      hint: 'free 3 GiB',
    });
    expect(sync?.targets.map(({ name }) => name)).toEqual(['beta', 'gamma']);
    expect(sync?.targets[1]).toMatchObject({
      result: 'failed',
      attempts: 4,
      errorType: 'TargetFull',
      error: 'no \ufffd space \ufffd',
      toolMessage: "rsync: 'x'",
      bytesSent: null,
      reachedBytes: 300,
      durationSeconds: null,
    });
  });

  test('records a sync once, however often and however concurrently it is told', async () => {
    const sync = makeSync('repeated', 1);
    await Promise.all([1, 2, 3, 4].map(() => catalog().recordSync(sync)));
    await catalog().recordSync(sync);
    expect(await catalog().history('repeated', { limit: 10 })).toHaveLength(1);
  });

  test('pages from the newest to the oldest, each sync once', async () => {
    for (let sequence = 1; sequence <= 5; sequence++) await catalog().recordSync(makeSync('paged', sequence));
    const first = await catalog().history('paged', { limit: 2 });
    const second = await catalog().history('paged', { limit: 2, before: first[1]?.id });
    const third = await catalog().history('paged', { limit: 2, before: second[1]?.id });
    expect([...first, ...second, ...third].map(({ sequence }) => sequence)).toEqual([5, 4, 3, 2, 1]);
    const earlier = await catalog().history('paged', { limit: 9, before: minute(3) });
    expect(earlier.map(({ sequence }) => sequence)).toEqual([2, 1]);
  });

  test('lists what was recorded last first, also when the clock jumped back', async () => {
    await catalog().recordSync(makeSync('jumping', 1, { startedAt: minute(30), endedAt: minute(31) }));
    await catalog().recordSync(makeSync('jumping', 2, { startedAt: minute(5), endedAt: minute(4) }));
    const history = await catalog().history('jumping', { limit: 5 });
    expect(history.map(({ sequence, durationSeconds }) => [sequence, durationSeconds])).toEqual([
      [2, 0],
      [1, 60],
    ]);
  });

  test('keeps the history of a retired relationship, and tells it from a later one of the same name', async () => {
    await catalog().recordRelationship(makeDocument('reused'));
    await catalog().recordSync(makeSync('reused', 1, { runId: 'first-life' }));
    await catalog().recordRetired('reused');
    expect(await catalog().history('reused', { limit: 5 })).toHaveLength(1);
    await catalog().recordRelationship(makeDocument('reused'));
    await catalog().recordSync(makeSync('reused', 1, { runId: 'second-life' }));
    const history = await catalog().history('reused', { limit: 5 });
    expect(history.map(({ syncId, runId }) => [syncId, runId])).toEqual([
      ['reused-000001', 'second-life'],
      ['reused-000001', 'first-life'],
    ]);
  });

  test('tells how far the syncs of a name have counted, in all its lives; 0 for an unknown name', async () => {
    await catalog().recordRelationship(makeDocument('counted'));
    await catalog().recordSync(makeSync('counted', 9));
    await catalog().recordSync(makeSync('counted', 10));
    await catalog().recordRetired('counted');
    expect(await catalog().lastSequence('counted')).toBe(10);
    expect(await catalog().lastSequence('nobody')).toBe(0);
  });

  test('answers an unknown name with an empty history', async () => {
    expect(await catalog().history('nobody', { limit: 5 })).toEqual([]);
  });
}

function describeRelationships(catalog: () => Catalog): void {
  const find = async (name: string, retired = false) =>
    (await catalog().relationships({ retired })).find((relationship) => relationship.name === name);

  test('lists relationships by name with their document and the freshness of each target', async () => {
    const document = makeDocument('listed', {
      targets: [
        { host: 'beta', directory: '/srv/data' },
        { host: 'beta', name: 'archive', directory: '/archive' },
      ],
    });
    await catalog().recordRelationship(makeDocument('listed-too'));
    await catalog().recordRelationship(document);
    await catalog().recordSync(makeSync('listed', 4));
    expect(await find('listed')).toEqual({
      name: 'listed',
      document,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      changedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      retiredAt: null,
      source: { host: 'alpha', volume: '/srv/data', copyMethod: 'Direct' },
      targets: [
        {
          ...{ name: 'beta', host: 'beta', recoveryPoint: makePoint('listed', 4).id, capturedAt: minute(4) },
          ...{ result: 'succeeded', errorType: null },
        },
        {
          ...{ name: 'archive', host: 'beta', recoveryPoint: null, capturedAt: null },
          ...{ result: null, errorType: null },
        },
      ],
    });
    const names = (await catalog().relationships()).map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
  });

  test('remembers how each target fared in the last sync that it was part of', async () => {
    await catalog().recordRelationship(
      makeDocument('faring', {
        targets: [
          { host: 'beta', directory: '/srv/data' },
          { host: 'gamma', directory: '/srv/data' },
        ],
      }),
    );
    const failure = { type: 'TargetFull' as const, message: 'no space left' };
    const points = [makePoint('faring', 1)];
    const failed = makeOutcome('gamma', [], { result: 'failed', failure });
    await catalog().recordSync(makeSync('faring', 1, { targets: [makeOutcome('beta', points), failed] }));
    await catalog().recordSync(makeSync('faring', 2, { targets: [makeOutcome('beta', points)] }));
    expect((await find('faring'))?.targets).toMatchObject([
      { name: 'beta', result: 'succeeded', errorType: null },
      { name: 'gamma', result: 'failed', errorType: 'TargetFull', capturedAt: null },
    ]);
  });

  test('changes a relationship without forgetting when it was created', async () => {
    await catalog().recordRelationship(makeDocument('changing'));
    const before = await find('changing');
    await catalog().recordRelationship(makeDocument('changing'));
    expect(await find('changing')).toEqual(before);
    await catalog().recordRelationship(makeDocument('changing', { objectives: { rpo: '1h' } }));
    const after = await find('changing');
    expect(after?.createdAt).toBe(before?.createdAt);
    expect(after?.document.spec.objectives.rpo).toBe('1h');
  });

  test('hides a retired relationship unless asked, and begins anew when its name is used again', async () => {
    await catalog().recordRelationship(makeDocument('retiring'));
    await catalog().recordRetired('retiring');
    await catalog().recordRetired('retiring');
    expect(await find('retiring')).toBeUndefined();
    expect((await find('retiring', true))?.retiredAt).toMatch(/Z$/);
    expect(await catalog().relationshipNames()).not.toContain('retiring');
    expect(await catalog().relationshipNames({ retired: true })).toContain('retiring');
    await catalog().recordRelationship(makeDocument('retiring'));
    expect((await find('retiring'))?.retiredAt).toBeNull();
  });
}

function describeTotals(catalog: () => Catalog): void {
  /** What came to a result's durations: other tests have recorded syncs, too. */
  async function durationsSince(before: SyncDurations[], result: SyncDurations['result']) {
    const find = (all: SyncDurations[]) => all.find((each) => each.result === result);
    const [was, is] = [find(before), find(await catalog().syncDurations())];
    return {
      syncs: (is?.syncs ?? 0) - (was?.syncs ?? 0),
      durationSeconds: (is?.durationSeconds ?? 0) - (was?.durationSeconds ?? 0),
      durationCounts: is?.durationCounts.map((count, index) => count - (was?.durationCounts[index] ?? 0)),
    };
  }

  test('sums up syncs by result, counting each once, and missed ticks', async () => {
    await catalog().recordRelationship(makeDocument('summed'));
    const durations = await catalog().syncDurations();
    const long = {
      startedAt: minute(0),
      endedAt: new Date(Date.parse(minute(0)) + 90_000_000).toISOString(),
    };
    await catalog().recordSync(makeSync('summed', 1));
    await catalog().recordSync(makeSync('summed', 1));
    await catalog().recordSync(makeSync('summed', 2, long));
    await catalog().recordSync(makeSync('summed', 3, { result: 'failed', targets: [] }));
    await catalog().recordMissedTick('summed', minute(5));
    await catalog().recordMissedTick('summed', minute(5));
    await catalog().recordMissedTick('summed', minute(6));
    const totals = await catalog().totals();
    expect(totals.syncs.filter(({ relationship }) => relationship === 'summed')).toEqual([
      {
        relationship: 'summed',
        result: 'failed',
        syncs: 1,
        durationSeconds: 45,
        bytesSent: 0,
        filesChanged: 0,
      },
      {
        relationship: 'summed',
        result: 'succeeded',
        syncs: 2,
        durationSeconds: 90_045,
        bytesSent: 2000,
        filesChanged: 14,
      },
    ]);
    expect(totals.missedTicks).toContainEqual({ relationship: 'summed', count: 2 });
    const counts = (...seconds: number[]) =>
      [...DURATION_BUCKETS, Infinity].map((bound) => (seconds.includes(bound) ? 1 : 0));
    expect(await durationsSince(durations, 'failed')).toEqual({
      ...{ syncs: 1, durationSeconds: 45, durationCounts: counts(60) },
    });
    expect(await durationsSince(durations, 'succeeded')).toEqual({
      ...{ syncs: 2, durationSeconds: 90_045, durationCounts: counts(60, Infinity) },
    });
    const { points, ...others } = await catalog().totals(['summed', 'nobody']);
    expect(points).toEqual([
      { relationship: 'summed', target: 'beta', points: 1, oldestCapturedAt: minute(2) },
    ]);
    expect(others.syncs).toEqual(totals.syncs.filter(({ relationship }) => relationship === 'summed'));
    expect(others.missedTicks).toEqual([{ relationship: 'summed', count: 2 }]);
  });

  test('leaves retired relationships out of the sums', async () => {
    await catalog().recordRelationship(makeDocument('gone'));
    await catalog().recordSync(makeSync('gone', 1));
    await catalog().recordMissedTick('gone', minute(5));
    const durations = await catalog().syncDurations();
    await catalog().recordRetired('gone');
    const { syncs, missedTicks, points } = await catalog().totals();
    for (const sums of [syncs, missedTicks, points])
      expect(sums.some(({ relationship }) => relationship === 'gone')).toBe(false);
    // What a counter has once said it never takes back.
    expect(await catalog().syncDurations()).toEqual(durations);
  });
}

function describeAgents(catalog: () => Catalog): void {
  test('keeps what each agent told last, whatever comes late; and that one was forgotten', async () => {
    const edge = (labels: Record<string, string> | null, at: number) =>
      catalog().recordAgent({ host: 'edge', labels, toldAt: minute(at) });
    await edge({ region: 'eu', "it's": '"' }, 2);
    await edge({ region: 'us' }, 1);
    await catalog().recordAgent({ host: 'Zeta', labels: {}, toldAt: minute(1) });
    expect(await catalog().agents()).toEqual([
      { host: 'Zeta', labels: {}, toldAt: minute(1) },
      { host: 'edge', labels: { region: 'eu', "it's": '"' }, toldAt: minute(2) },
    ]);
    await edge(null, 3);
    expect(await catalog().agents()).toContainEqual({ host: 'edge', labels: null, toldAt: minute(3) });
  });
}
