import type { Catalog, EventEntry, EventsQuery } from '../../src/catalog/contract';
import { ITSELF, SOMEBODY, THE_CLOCK } from '../../src/model/actor';
import { makeEvent, type NewEvent } from '../../src/model/events';
import { makeOutcome, makeSync, minute } from '../support/model/records';
import { makeStatus } from '../support/model/status';

/** What the catalog promises of all that happened. */
export function describeEvents(catalog: () => Catalog): void {
  const tell = (name: string, at: number, ...events: Partial<NewEvent>[]) =>
    catalog().recordStates([
      {
        status: makeStatus(name),
        at: minute(at),
        events: events.map((event, index) =>
          makeEvent({
            ...{ id: `${name}/${at}/${index}`, relationship: name, kind: 'paused', at: minute(at) },
            ...{ actor: SOMEBODY, endedAt: minute(at), result: 'succeeded' as const },
            ...event,
          }),
        ),
      },
    ]);
  const read = async (query: Partial<EventsQuery> = {}): Promise<EventEntry[]> =>
    (await catalog().events({ limit: 100, ...query })).events;
  const actor = { name: "alice'@desk", via: 'cli' as const, reason: 'a "drill"\0' };

  test('gives an event back as it was told, and told again it is the same', async () => {
    const changes = ['spec.retain.last: 3 → 9'];
    const event = { kind: 'applied' as const, actor, text: 'it\0', changes, target: 'beta', workflowId: 'w' };
    await tell('told', 1, event);
    await tell('told', 1, event);
    expect(await read({ relationship: 'told' })).toEqual([
      {
        ...{ id: 'told/1/0', relationship: 'told', kind: 'applied', at: minute(1), endedAt: minute(1) },
        ...{ actor: { ...actor, reason: 'a "drill"\uFFFD' }, result: 'succeeded', text: 'it\uFFFD', changes },
        ...{ target: 'beta', point: null, workflowId: 'w', sync: null },
      },
    ]);
  });

  test('one that runs is over once that is told, and never runs again', async () => {
    const running = { id: 'running', kind: 'failover' as const, endedAt: null, result: null };
    const ended = {
      ...running,
      endedAt: minute(3),
      result: 'failed' as const,
      text: 'no room',
      target: 'beta',
    };
    await tell('ends', 1, running, ended);
    await tell('ends', 2, running);
    expect(await read({ relationship: 'ends' })).toMatchObject([
      { result: 'failed', endedAt: minute(3), text: 'no room', target: 'beta' },
    ]);
  });

  test('syncs are among them, with who asked and all that is recorded of them', async () => {
    await catalog().recordSync(makeSync('both', 1, { startedAt: minute(1), reason: 'schedule' }));
    await catalog().recordSync(makeSync('both', 2, { startedAt: minute(3), reason: 'request', actor }));
    const failure = { type: 'TargetFull' as const, message: 'no space left' };
    const failed = makeOutcome('beta', [], { result: 'failed', failure });
    const more = {
      startedAt: minute(5),
      reason: 'retry' as const,
      result: 'failed' as const,
      targets: [failed],
    };
    await catalog().recordSync(makeSync('both', 3, more));
    await tell('both', 4, {});
    const events = await read({ relationship: 'both' });
    expect(events.map(({ kind, at }) => [kind, at])).toEqual([
      ['sync', minute(5)],
      ['paused', minute(4)],
      ['sync', minute(3)],
      ['sync', minute(1)],
    ]);
    expect(events[0]).toMatchObject({
      actor: ITSELF,
      result: 'failed',
      text: 'beta: TargetFull: no space left',
    });
    expect(events[2]?.actor.name).toBe("alice'@desk");
    expect(events[3]?.actor).toEqual(THE_CLOCK);
    const [newest] = await catalog().history('both', { limit: 1 });
    expect(events[0]?.sync).toEqual(newest);
  });

  test('some kinds alone, and what began since', async () => {
    const kindsOf = async (query: Partial<EventsQuery>) =>
      (await read({ relationship: 'both', ...query })).map(({ kind }) => kind);
    expect(await kindsOf({ kinds: ['paused'] })).toEqual(['paused']);
    expect(await kindsOf({ kinds: ['sync', 'drill'] })).toEqual(['sync', 'sync', 'sync']);
    expect(await kindsOf({ since: minute(4) })).toEqual(['sync', 'paused']);
    expect(await kindsOf({ kinds: ['drill'] })).toEqual([]);
    expect(await read({ relationship: 'nobody' })).toEqual([]);
  });

  test('page by page comes everything once, also what happened in the same instant', async () => {
    await tell('pages', 7, ...Array.from({ length: 7 }, () => ({})));
    for (const sequence of [1, 2, 3])
      await catalog().recordSync(makeSync('pages', sequence, { startedAt: minute(7) }));
    const all = await read({ relationship: 'pages' });
    expect(all).toHaveLength(10);
    const paged: string[] = [];
    let before: string | undefined;
    do {
      const page = await catalog().events({ relationship: 'pages', limit: 3, before });
      paged.push(...page.events.map(({ id }) => id));
      before = page.next ?? undefined;
    } while (before !== undefined);
    expect(paged).toEqual(all.map(({ id }) => id));
  });
}
