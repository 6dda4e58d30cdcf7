import fc from 'fast-check';
import { makeStatus } from '../../test/support/model/status';
import { countAll, inOrder, isChosen, SORTS } from './choose-relationships';
import { HEALTHS } from './health';
import { type RelationshipSummary, summarize } from './summary';

const blank = summarize(makeStatus('wiki'), Date.parse('2026-11-21T10:00:00Z'));

const summaries: fc.Arbitrary<RelationshipSummary[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.stringMatching(/^[a-c]{1,4}$/),
      status: fc.constantFrom(...HEALTHS),
      phase: fc.constantFrom('Idle' as const, 'Syncing' as const),
      labels: fc.dictionary(fc.constantFrom('tier', 'toString'), fc.constantFrom('gold', '')),
      lags: fc.array(fc.option(fc.nat(99)), { maxLength: 3 }),
    })
    .map(({ lags, ...more }) => ({
      ...{ ...blank, ...more },
      targets: lags.flatMap((lagSeconds) => blank.targets.map((target) => ({ ...target, lagSeconds }))),
    })),
  { selector: ({ name }) => name },
);

test('an order leaves nobody out, and pages of it hold each once', () => {
  fc.assert(
    fc.property(summaries, fc.constantFrom(...SORTS), fc.integer({ min: 1, max: 5 }), (all, sort, size) => {
      const ordered = inOrder(all, sort);
      const pages = Array.from({ length: Math.ceil(all.length / size) }, (_, page) =>
        inOrder(all.toReversed(), sort).slice(page * size, (page + 1) * size),
      );
      expect(pages.flat()).toEqual(ordered);
      expect(new Set(ordered)).toEqual(new Set(all));
    }),
  );
});

test('the worst come first, and the oldest copy, by name among equals', () => {
  const named = (name: string, more: Partial<RelationshipSummary>) => ({ ...blank, name, ...more });
  const aged = (name: string, ...lags: (number | null)[]) =>
    named(name, {
      targets: lags.flatMap((lagSeconds) => blank.targets.map((target) => ({ ...target, lagSeconds }))),
    });
  const byStatus = [
    named('c', { status: 'up' }),
    named('b', { status: 'down' }),
    named('a', { status: 'warn' }),
  ];
  expect(inOrder(byStatus, 'status').map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  const byLag = [aged('d', 5), aged('c', 60, 1), aged('b', null, 3), aged('a', 60)];
  expect(inOrder(byLag, 'lag').map(({ name }) => name)).toEqual(['b', 'a', 'c', 'd']);
});

test('counts are of all that are chosen', () => {
  fc.assert(
    fc.property(summaries, (all) => {
      const { total, status, phase } = countAll(all);
      expect(Object.values(status).reduce((one, other) => one + other)).toBe(total);
      expect(Object.values(phase).reduce((one, other) => one + other, 0)).toBe(total);
      for (const health of HEALTHS)
        expect(all.filter((each) => isChosen(each, { status: [health] }))).toHaveLength(status[health]);
    }),
  );
});

test.each([
  [{}, true],
  [{ search: 'WIK' }, true],
  [{ search: 'mail' }, false],
  [{ host: 'beta' }, true],
  [{ host: 'alpha' }, true],
  [{ host: 'gamma' }, false],
  [{ labels: ['tier=gold'] }, true],
  [{ labels: ['tier'] }, true],
  [{ labels: ['tier=', 'tier=gold'] }, false],
  [{ labels: ['tier==gold'] }, true],
  [{ labels: ['tier!=gold'] }, false],
  [{ labels: ['tier!=iron', 'region!=eu', '!region'] }, true],
  [{ labels: ['!tier'] }, false],
  // No label, though every object has it.
  [{ labels: ['toString'] }, false],
  [{ phase: ['Idle' as const] }, true],
  [{ phase: ['Syncing' as const, 'Paused' as const] }, false],
])('%j chooses it: %j', (choice, isWanted) => {
  expect(isChosen({ ...blank, phase: 'Idle', labels: { tier: 'gold' } }, choice)).toBe(isWanted);
});
