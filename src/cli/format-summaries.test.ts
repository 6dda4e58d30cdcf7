import { makeStatus } from '../../test/support/model/status';
import { summarize } from '../model/summary';
import { formatSummaries } from './format-summaries';

const deep = '/srv/customers/acme/production/wiki/uploads';

function summaryOf(name: string) {
  const status = makeStatus(name, {
    source: { host: 'alpha', directory: deep },
    targets: [{ host: 'beta', directory: `${deep}/copy` }],
    trigger: { schedule: '0 * * * *' },
  });
  const targets = status.targets.map((target) => ({ ...target, result: 'succeeded' as const }));
  return summarize({ ...status, phase: 'Syncing', sequence: 1, targets }, Date.now());
}

test('a table fits 80 columns: status first, and long paths shortened in the middle', () => {
  const lines = formatSummaries([summaryOf('wiki'), summaryOf('shop')], 80).split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines[0]).toMatch(/^NAME +STATUS +LAG +PHASE/);
  expect(lines[1]).toMatch(/^wiki +down .*alpha:\/.*….*uploads/);
});

test('what is piped is not shortened', () => {
  expect(formatSummaries([summaryOf('wiki')], undefined)).toContain(`alpha:${deep}  beta:${deep}/copy`);
});
