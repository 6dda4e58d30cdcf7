import { FakeCatalog } from '../../../test/support/model/catalog-fake';
import { minute } from '../../../test/support/model/records';
import { makeStates, makeStatus } from '../../../test/support/model/status';
import type { StateEntry, Totals } from '../../catalog/contract';
import { CatalogSums, NO_SUMS } from './catalog-sums';

const totals: Totals = {
  syncs: [
    {
      ...{ relationship: 'wiki', result: 'succeeded', syncs: 6, durationSeconds: 20 },
      ...{ bytesSent: 5, filesChanged: 12 },
    },
  ],
  missedTicks: [{ relationship: 'wiki', count: 3 }],
  points: [{ relationship: 'wiki', target: 'beta', points: 4, oldestCapturedAt: minute(-30) }],
};
const START_MS = Date.parse(minute(0)) + 61_000;

let states: Map<string, StateEntry>;
let catalog: FakeCatalog;
let sums: CatalogSums;

beforeEach(() => {
  states = makeStates(makeStatus('quiet'), makeStatus('wiki'));
  catalog = new FakeCatalog({ totals });
  sums = new CatalogSums(catalog);
});

/** Of whom the catalog was asked. */
const asked = () => catalog.calls.map(([, names]) => names);

test('are read once of whom nothing was heard since', async () => {
  for (const nowMs of [START_MS, START_MS + 1000]) {
    const sumsOf = await sums.read(states, nowMs);
    expect(sumsOf('wiki')).toEqual({
      ...{ syncs: totals.syncs, missedTicks: 3, points: new Map([['beta', totals.points[0]]]) },
    });
    expect(sumsOf('quiet')).toEqual(NO_SUMS);
  }
  expect(asked()).toEqual([undefined]);
});

test('are read again of who has told something, and a while longer: what is recorded of it may come later', async () => {
  await sums.read(states, START_MS);
  const wiki = states.get('wiki') as StateEntry;
  states.set('wiki', { ...wiki, revision: 7, toldAt: new Date(START_MS).toISOString() });
  for (const afterMs of [0, 30_000, 61_000, 62_000]) await sums.read(states, START_MS + afterMs);
  expect(asked()).toEqual([undefined, ['wiki'], ['wiki'], ['wiki']]);
});

test('are those of the new one where a name is used again', async () => {
  await sums.read(states, START_MS);
  const wiki = states.get('wiki') as StateEntry;
  states.delete('wiki');
  await sums.read(states, START_MS);
  states.set('wiki', wiki);
  await sums.read(states, START_MS);
  expect(asked()).toEqual([undefined, ['wiki']]);
});
