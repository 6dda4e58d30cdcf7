import { beta, checkParts } from '../../test/support/model/check-parts';

const bucket = { bucket: 's3:company-data/wiki', credentials: 's3', layout: 'volsync' as const };

test('a bucket may lie as VolSync has it, as a target and as a source', () => {
  const asTarget = checkParts({ targets: [beta('/srv/x'), { ...bucket, retain: { last: 1 } }] });
  expect(asTarget.problems).toEqual([]);
  expect(asTarget.relationship?.spec.targets[1]).toMatchObject({ layout: 'volsync', host: 'alpha' });
  const asSource = checkParts({ source: { directory: undefined, ...bucket, bucket: 's3:theirs' } });
  expect(asSource.problems).toEqual([]);
});

test('all that it can not keep is refused at once, each by its place', () => {
  const target = {
    ...bucket,
    bucket: 's3:wiki',
    keepReplaced: '1d',
    retain: { daily: 3 },
    copyMethod: 'Snapshot' as const,
  };
  expect(checkParts({ targets: [target] }).problems.map((text) => text.slice(0, text.indexOf(':')))).toEqual([
    'spec.targets[0].keepReplaced',
    'spec.targets[0].retain',
    'spec.targets[0].copyMethod',
  ]);
});

test('as a source it has no state to choose', () => {
  const past = { restoreAsOf: '2026-11-30T08:00:00Z', previous: 1 };
  expect(checkParts({ source: { directory: undefined, ...bucket, ...past } }).problems).toEqual([
    expect.stringMatching(/^spec\.source\.restoreAsOf: can't be: the layout of volsync holds the newest/),
    expect.stringMatching(/^spec\.source\.previous: can't be/),
  ]);
});

test('it is no bucket in between, and that is told in words', () => {
  const { problems } = checkParts({
    through: { bucket: 's3:company-data/wiki', layout: 'volsync' },
  });
  expect(problems).toEqual([expect.stringMatching(/^spec\.through\.layout: can not be between a source/)]);
});

test('there is no other layout', () => {
  expect(checkParts({ targets: [{ ...bucket, layout: 'other' }] }).problems.join()).toMatch(
    /layout: must be volsync, not "other"/,
  );
});
