import fc from 'fast-check';
import { arbitraryRelationship } from '../../test/support/model/arbitrary-relationship';
import { beta, checkParts } from '../../test/support/model/check-parts';
import { checkSpec } from './check-spec';
import { checkDocument } from './examine-document';

test('one folder on two hosts is fine', () => {
  const { relationship, problems, warnings } = checkParts({});
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  expect(relationship?.spec.retain).toEqual({ last: 3 });
});

test.each([
  [
    'rules that keep nothing',
    { retain: { hourly: 0 } },
    'spec.retain: keeps the newest recovery point alone',
  ],
  [
    'rules for points that are never made',
    { retain: { last: 9 }, targets: [beta('/srv/x', { copyMethod: 'Direct' })] },
    'spec.retain: has no effect: targets with copyMethod Direct keep no recovery points',
  ],
  [
    'rules that every target has better ones than',
    { retain: { last: 9 }, targets: [beta('/srv/x', { retain: { daily: 3 } })] },
    'spec.retain: has no effect: every target has a retain of its own',
  ],
  [
    "a target's rules for points that are never made",
    { targets: [beta('/srv/x', { retain: { daily: 3 }, copyMethod: 'Direct' })] },
    'spec.targets[0].retain: has no effect: targets with copyMethod Direct keep no recovery points',
  ],
])('%s is accepted with a warning', (_, parts, warning) => {
  const { relationship, problems, warnings } = checkParts(parts);
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [warning] });
  expect(relationship).toBeDefined();
});

test('mistakes of shape hide no others', () => {
  const { relationship, problems } = checkParts({
    source: { directory: '/', colour: 'red' },
    retain: 7,
    trigger: { schedule: 'x', jitter: 5 },
  });
  expect(relationship).toBeUndefined();
  expect(problems).toEqual([
    expect.stringMatching(/^spec\.source\.colour: unknown key/),
    expect.stringMatching(/^spec\.trigger\.jitter: must be a duration/),
    expect.stringMatching(/^spec\.retain: must be a mapping, not 7/),
    expect.stringMatching(/^spec\.source\.directory: the root folder/),
    expect.stringMatching(/^spec\.trigger\.schedule: must be a cron/),
  ]);
});

test('any value can be judged, and none but a right one gives a relationship', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(checkSpec(value).warnings).toEqual([]);
      const { relationship, problems } = checkDocument(value);
      expect(relationship).toBeUndefined();
      expect(problems.length).toBeGreaterThan(0);
    }),
  );
});

test('what was accepted is accepted again, unchanged', () => {
  fc.assert(
    fc.property(arbitraryRelationship, (relationship) => {
      expect(checkDocument(relationship)).toMatchObject({ relationship, problems: [] });
    }),
  );
});
