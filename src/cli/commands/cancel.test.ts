import { formatCancelled } from './cancel';

describe('formatCancelled', () => {
  const at = (kind: string) => ({ name: 'wiki', workflowId: `relationship/wiki/${kind}/000043` });

  it('claims that all is undone of what has an undo alone', () => {
    const undone = /\/000043 was cancelled, and what it had done is undone$/;
    expect(formatCancelled({ ...at('failover'), outcome: 'cancelled' })).toMatch(undone);
    expect(formatCancelled({ ...at('relocate'), outcome: 'cancelled' })).toMatch(undone);
    for (const kind of ['reverse', 'sync', 'verify'])
      expect(formatCancelled({ ...at(kind), outcome: 'cancelled' })).toMatch(/000043 was cancelled$/);
  });

  it('says what could not be undone', () => {
    const message = 'cancelled; not undone: alpha promote failed';
    const text = formatCancelled({ ...at('relocate'), outcome: 'cancelled', message });
    expect(text).toMatch(/000043 was cancelled: cancelled; not undone: alpha promote failed$/);
  });

  it('says that a new primary stays where it was promoted by then', () => {
    const message = 'hook start ended with exit code 1';
    expect(formatCancelled({ ...at('failover'), outcome: 'left', message })).toMatch(
      /was left as it stands, the new primary staying one \(tidemark describe wiki .*\): hook start/,
    );
    expect(formatCancelled({ ...at('failover'), outcome: 'finished' })).toMatch(/was finished/);
  });
});
