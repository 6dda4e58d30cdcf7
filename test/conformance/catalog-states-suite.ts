import type { Catalog } from '../../src/catalog/contract';
import type { RelationshipStatus } from '../../src/model/status';
import { FleetView } from '../../src/workers/fleet/fleet-view';
import { minute } from '../support/model/records';
import { makeStatus } from '../support/model/status';

/** What the catalog promises of the states that relationships tell of. */
export function describeStates(catalog: () => Catalog): void {
  const tell = (name: string, at: number, more: Partial<RelationshipStatus> = {}) =>
    catalog().recordStates([{ status: makeStatus(name, {}, more), at: minute(at) }]);
  const stateOf = async (name: string) => (await catalog().states([name]))[0];

  test('keeps what each relationship told last, whatever comes late', async () => {
    await tell('late', 2, { sequence: 2, notice: `it's "this"\0` });
    await tell('late', 1, { sequence: 1 });
    expect(await stateOf('late')).toEqual({
      name: 'late',
      revision: expect.any(Number) as number,
      status: makeStatus('late', {}, { sequence: 2, notice: `it's "this"\uFFFD` }),
      toldAt: minute(2),
      vanished: null,
      scheduleTrouble: null,
    });
    await tell('late', 2, { sequence: 3 });
    expect((await stateOf('late'))?.status.sequence).toBe(3);
  });

  test('says by a revision whether a state is another one', async () => {
    await tell('steady', 1);
    const before = (await stateOf('steady'))?.revision ?? NaN;
    await tell('steady', 2);
    expect((await stateOf('steady'))?.revision).toBe(before);
    await tell('steady', 3, { sequence: 9 });
    expect((await stateOf('steady'))?.revision).toBeGreaterThan(before);
    expect((await catalog().stateRevisions()).map(({ name }) => name)).toEqual(['late', 'steady']);
  });

  test('knows what was found of a relationship until that tells of itself again', async () => {
    await tell('found', 1);
    const vanished = { how: 'terminated' as const, at: minute(1) };
    await catalog().recordFound([
      { name: 'found', vanished },
      { name: 'nobody', vanished },
    ]);
    await catalog().recordFound([{ name: 'found', scheduleTrouble: 'paused' }]);
    expect(await stateOf('found')).toMatchObject({ vanished, scheduleTrouble: 'paused' });
    // Also where it is as it was.
    await tell('found', 1);
    expect(await stateOf('found')).toMatchObject({ vanished: null, scheduleTrouble: 'paused' });
    expect(await stateOf('nobody')).toBeUndefined();
  });

  test('has no state of one that was deleted', async () => {
    for (const name of ['gone', 'removed']) await tell(name, 1);
    await tell('gone', 2, { phase: 'Retired' });
    await catalog().removeState('removed');
    expect(await catalog().states(['gone', 'removed'])).toEqual([]);
  });

  test('is seen as it is by who reads only what has changed, and by many at once', async () => {
    const view = new FleetView(catalog());
    const expectSame = async () => {
      const all = (await catalog().states()).toSorted((one, other) => (one.name < other.name ? -1 : 1));
      const seen = await Promise.all([view.read(), view.read()]);
      for (const each of seen) expect([...each.values()]).toEqual(all);
    };
    await expectSame();
    const many = Array.from({ length: 1500 }, (_, index) => `many-${String(index).padStart(4, '0')}`);
    await catalog().recordStates(many.map((name) => ({ status: makeStatus(name), at: minute(1) })));
    await expectSame();
    await tell('many-0007', 2, { sequence: 7 });
    await tell('many-0008', 2, { phase: 'Retired' });
    await tell('another', 2);
    await expectSame();
    await catalog().recordStates(
      many.map((name) => ({ status: { ...makeStatus(name), phase: 'Retired' }, at: minute(3) })),
    );
    await expectSame();
  });
}
