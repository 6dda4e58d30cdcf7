import type { Catalog } from '../../src/catalog/contract';
import type { KnownCondition } from '../../src/model/notify/decide';
import { makeContent, makeTestContent } from '../../src/model/notify/notice';
import { minute } from '../support/model/records';

const condition = (relationship: string, more: Partial<KnownCondition> = {}): KnownCondition => ({
  ...{ relationship, kind: 'late', target: 'beta', text: `it's "late"`, labels: { tier: 'gold' } },
  ...{ since: minute(1), endedAt: null, told: {} },
  ...more,
});
const notice = (id: string, receiver = 'ops') => makeContent({ id, receiver, createdAt: minute(2) }, []);

/** What the catalog promises of what is wrong, and of messages. */
export function describeNotices(catalog: () => Catalog): void {
  const known = async () => (await catalog().knownConditions()).conditions;
  async function record(more: {
    changed?: KnownCondition[];
    removed?: KnownCondition[];
    notices?: ReturnType<typeof notice>[];
  }): Promise<void> {
    const { version } = await catalog().knownConditions();
    const decision = { version, changed: [], removed: [], notices: [], ...more };
    expect(await catalog().recordDecision(decision)).toBe(true);
  }

  test('keeps what is wrong as it was decided last, until everybody knows that it is over', async () => {
    const whole = condition('wiki', { kind: 'down', target: null, text: 'nul \0' });
    await record({ changed: [condition('wiki'), whole] });
    const told = { ops: { at: minute(2), notice: '1', over: true as const } };
    const ended = condition('wiki', { endedAt: minute(3), told });
    await record({ changed: [ended], notices: [notice('1')] });
    expect(await known()).toHaveLength(2);
    expect(await known()).toEqual(expect.arrayContaining([ended, { ...whole, text: 'nul \uFFFD' }]));
    await record({ removed: [ended, whole] });
    expect(await known()).toEqual([]);
  });

  test('takes one decision from each version, whole or not at all', async () => {
    const { version } = await catalog().knownConditions();
    const decide = (name: string) =>
      catalog().recordDecision({
        ...{ version, removed: [], changed: [condition(name)] },
        notices: [notice(`of-${name}`)],
      });
    const names = ['one', 'two', 'three'];
    const taken = await Promise.all(names.map(decide));
    expect(taken.filter(Boolean)).toHaveLength(1);
    const winner = names[taken.indexOf(true)] ?? '';
    expect((await known()).map(({ relationship }) => relationship)).toEqual([winner]);
    for (const name of names)
      expect((await catalog().notice('ops', `of-${name}`)) !== undefined).toBe(name === winner);
    await record({ removed: [condition(winner)] });
    await catalog().settleNotice({
      ...{ receiver: 'ops', id: `of-${winner}` },
      how: 'sent',
      at: minute(4),
      problem: null,
    });
  });

  test('settles a message once, and counts what became of it', async () => {
    const { sent: before = 0 } =
      (await catalog().noticeTotals()).find(({ receiver }) => receiver === 'ops') ?? {};
    await record({ notices: [notice('sent'), notice('lost'), notice('sent', 'mail')] });
    const settle = (id: string, how: 'sent' | 'failed' | 'givenUp', problem: string | null = null) =>
      catalog().settleNotice({ receiver: 'ops', id, how, at: minute(5), problem });
    await settle('sent', 'failed', 'no answer');
    await settle('sent', 'sent');
    await settle('sent', 'sent');
    await settle('sent', 'givenUp', 'too late');
    await settle('lost', 'givenUp', 'refused');
    expect(await catalog().notice('ops', 'sent')).toMatchObject({
      ...{ state: 'sent', attempts: 1, problem: 'no answer', settledAt: minute(5) },
      content: { id: 'sent', receiver: 'ops' },
    });
    expect((await catalog().noticeTotals()).find(({ receiver }) => receiver === 'ops')).toMatchObject({
      ...{ sent: before + 1, failed: 1, givenUp: 1, lastSentAt: minute(5) },
    });
    expect((await catalog().notices({ state: 'givenUp', limit: 9 })).map(({ id }) => id)).toEqual(['lost']);
    const marks = await catalog().noticeMarks(minute(3));
    const states = marks.map(({ receiver, id, state, isTest }) => [receiver, id, state, isTest]);
    expect(states.toSorted()).toEqual([
      ['mail', 'sent', 'waiting', false],
      ['ops', '1', 'waiting', false],
      ['ops', 'lost', 'givenUp', false],
    ]);
  });

  test('takes a test as a message that is neither counted nor listed', async () => {
    const ops = async () => (await catalog().noticeTotals()).find(({ receiver }) => receiver === 'ops');
    const before = await ops();
    const test = makeTestContent({ id: 'test-1', receiver: 'ops', createdAt: minute(6) });
    await catalog().recordTest(test);
    await catalog().recordTest(test);
    await catalog().settleNotice({
      receiver: 'ops',
      id: 'test-1',
      how: 'sent',
      at: minute(7),
      problem: null,
    });
    expect(await ops()).toEqual({ ...before, lastSentAt: minute(7) });
    expect(await catalog().notices({ limit: 99 })).not.toContainEqual(
      expect.objectContaining({ id: 'test-1' }),
    );
    expect(await catalog().notice('ops', 'test-1')).toMatchObject({
      state: 'sent',
      content: { isTest: true },
    });
  });

  test('keeps thousands that begin and end at once', async () => {
    const all = Array.from({ length: 2500 }, (_, index) => condition(`many-${index}`));
    await record({ changed: all });
    expect(await known()).toHaveLength(2500);
    await record({ removed: all });
    expect(await known()).toEqual([]);
  });
}
