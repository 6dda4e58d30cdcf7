import { makeDocument } from '../../../test/support/model/records';
import type { DrillOutcome, RelationshipStatus } from '../../model/status';
import { formatDrill, parseSchedule } from './drill';

const OUTCOME: DrillOutcome = {
  target: 'beta',
  pointId: '20261121T080210Z-000042',
  startedAt: '2026-11-21T08:03:00.000Z',
  endedAt: '2026-11-21T08:03:09.000Z',
  result: 'succeeded',
  rtoSeconds: 7.5,
  how: 'Snapshot',
  workflowId: 'relationship/wiki/drill/000043',
};

function statusWith(hooks: object): Pick<RelationshipStatus, 'name' | 'document'> {
  return { name: 'wiki', document: makeDocument('wiki', { hooks }) };
}

describe('formatDrill', () => {
  const probed = statusWith({ probeDrill: [{ run: ['probe'] }] });

  it('says the measured recovery time of a service that answered', () => {
    const text = formatDrill(OUTCOME, probed);
    expect(text).toMatch(/^drill of wiki at beta succeeded\n/);
    expect(text).toMatch(/RTO +7.5s, measured\n +Took +9.0s$/);
  });

  it('says of one that did not answer why, in its own words', () => {
    const failure = {
      type: 'HookFailed' as const,
      message: 'hook probe ended with exit code 1',
      toolMessage: 'no answer',
    };
    const { how: _how, ...rest } = OUTCOME;
    const text = formatDrill({ ...rest, result: 'failed', rtoSeconds: null, failure }, probed);
    expect(text).toMatch(/RTO +never answered\n/);
    expect(text).toMatch(/error: HookFailed: hook probe ended with exit code 1\n +no answer/);
  });

  it('does not let a drill without hooks pass for more than it was', () => {
    expect(formatDrill(OUTCOME, statusWith({}))).toContain('not that a service works on it');
    expect(formatDrill(OUTCOME, probed)).not.toContain('not that a service works on it');
  });
});

it('parseSchedule takes cron and none, and refuses the rest', () => {
  expect(parseSchedule('0 4 1 * *')).toBe('0 4 1 * *');
  expect(parseSchedule('none')).toBe('none');
  expect(() => parseSchedule('61 4 * * *')).toThrow(/^It /);
});
