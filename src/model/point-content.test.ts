import fc from 'fast-check';
import { Comparing, type Entry, liesIn, Page, Versions, whatDiffers } from './point-content';

const file = (path: string, bytes = 1, more: Partial<Entry> = {}): Entry => ({
  ...{ path, type: 'file', bytes, modifiedAt: '2026-11-21T08:00:00.000000000Z', mode: '644', owner: '0:0' },
  ...more,
});
const point = (sequence: number) => ({
  id: `point-${sequence}`,
  capturedAt: `2026-11-0${sequence}T00:00:00Z`,
});

describe('a page', () => {
  const paths = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 60 });

  it('and all that follow it are everything, in order, each once', () => {
    fc.assert(
      fc.property(paths, fc.integer({ min: 1, max: 9 }), (all, limit) => {
        const seen: string[] = [];
        for (let left = all.length; left > 0;) {
          const page = new Page<{ path: string }>(limit, seen.at(-1));
          for (const path of all) page.add({ path });
          const { items, more } = page.close();
          expect(items.length).toBeLessThanOrEqual(limit);
          seen.push(...items.map(({ path }) => path));
          left -= items.length;
          expect(more).toBe(left);
        }
        expect(seen).toEqual(all.toSorted((one, other) => (one < other ? -1 : 1)));
      }),
    );
  });

  it('goes through Temporal, however long the names are, and says how many it left out', () => {
    const page = new Page<Entry>(1000);
    for (let count = 0; count < 5000; count++) page.add(file(`${'x'.repeat(3000)}${count}`));
    const { items, more } = page.close();
    expect(JSON.stringify(items).length).toBeLessThan(512 * 1024);
    expect(items.length + more).toBe(5000);
  });
});

describe('what differs', () => {
  it('is named, and the time of a folder is nothing of its own', () => {
    const folder = file('a', 0, { type: 'folder' });
    expect(whatDiffers(folder, { ...folder, modifiedAt: '2027-01-01T00:00:00Z' })).toEqual([]);
    expect(whatDiffers(folder, { ...folder, mode: '700' })).toEqual(['permissions']);
    expect(whatDiffers(file('a'), file('a', 2, { owner: '1:1' }))).toEqual(['size', 'owner']);
    expect(whatDiffers(file('a'), file('a', 1, { type: 'link' }))).toEqual(['type']);
    expect(whatDiffers(file('a', 1, { digest: 'x' }), file('a', 1, { digest: 'y' }))).toEqual(['content']);
  });

  it('between two states is what was added, removed and changed, with sizes', () => {
    const comparing = new Comparing(10);
    for (const entry of [file('same'), file('gone', 5), file('grown', 1)]) comparing.addBefore(entry);
    for (const entry of [file('new', 7), file('same'), file('grown', 3)]) comparing.addAfter(entry);
    expect(comparing.close()).toEqual({
      changes: [
        { path: 'gone', change: 'removed', type: 'file', bytes: { before: 5 } },
        { path: 'grown', change: 'changed', type: 'file', what: ['size'], bytes: { before: 1, after: 3 } },
        { path: 'new', change: 'added', type: 'file', bytes: { after: 7 } },
      ],
      more: 0,
      counts: {
        added: { entries: 1, bytes: 7 },
        removed: { entries: 1, bytes: 5 },
        changed: { entries: 1, bytes: 3 },
      },
    });
  });

  it('from one state to another is the reverse of what differs from that to it', () => {
    const state = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 0, max: 2 }));
    const diff = (one: Record<string, number>, other: Record<string, number>) => {
      const comparing = new Comparing(100);
      for (const [path, bytes] of Object.entries(one)) comparing.addBefore(file(path, bytes));
      for (const [path, bytes] of Object.entries(other)) comparing.addAfter(file(path, bytes));
      return comparing.close().counts;
    };
    fc.assert(
      fc.property(state, state, (one, other) => {
        const [there, back] = [diff(one, other), diff(other, one)];
        expect([there.added, there.removed, there.changed.entries]).toEqual([
          back.removed,
          back.added,
          back.changed.entries,
        ]);
      }),
    );
  });
});

describe('versions of a file', () => {
  it('are runs of points that follow one another: one that came back is another run', () => {
    const versions = new Versions();
    const states = [[file('a', 2)], [], [file('a', 1)], [file('a', 1, { mode: '600' })], [file('a', 2)]];
    for (const [index, entries] of states.entries()) versions.addPoint(point(5 - index), entries);
    expect(versions.close(10)).toMatchObject({
      isCut: false,
      versions: [
        { bytes: 2, first: 'point-5', last: 'point-5' },
        { bytes: 1, first: 'point-2', last: 'point-3' },
        { bytes: 2, first: 'point-1', last: 'point-1' },
      ],
    });
  });

  it('are told of the first paths alone, and that there are more', () => {
    const versions = new Versions();
    versions.addPoint(point(1), [file('b'), file('a'), file('c')]);
    const { versions: told, isCut } = versions.close(2);
    expect([told.map(({ path }) => path), isCut]).toEqual([['a', 'b'], true]);
  });
});

test('a folder holds what lies in it, and nothing that is only called alike', () => {
  const inside = (folder: string | undefined, deep: boolean) =>
    ['a', 'a/b', 'a/b/c', 'ab', 'ab/c'].filter((path) => liesIn(path, folder, deep));
  expect(inside('a', false)).toEqual(['a', 'a/b']);
  expect(inside('a', true)).toEqual(['a', 'a/b', 'a/b/c']);
  expect(inside(undefined, false)).toEqual(['a', 'ab']);
});
