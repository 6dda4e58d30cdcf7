import fc from 'fast-check';
import { keptFolder, keyOf, makeStateId, NO_STATE } from './layout';
import type { Entry, ObjectMark } from './manifest';
import { candidatesOf, keptFoldersIn, planPrune } from './plan-prune';

/** A bucket as a writer leaves it: what lies at each key, and what each state was. */
class Bucket {
  readonly objects = new Map<string, ObjectMark & { content: string }>();
  readonly states: { id: string; entries: Entry[] }[] = [];
  private clock = 0;

  /** Writes a state as a sync does; one that is cut off stops after so many objects, and leaves no manifest. */
  write(content: Readonly<Record<string, string>>, stopAfter = Infinity): void {
    const before = this.states.at(-1);
    const folder = { replaced: before?.id ?? NO_STATE, by: makeStateId(++this.clock, 'a') };
    let left = stopAfter;
    const moveAway = (key: string) => {
      const object = this.objects.get(key);
      if (object)
        this.objects.set(`${keptFolder(folder)}/${key}`, { ...object, time: `moved-${++this.clock}` });
      this.objects.delete(key);
    };
    const own = [...this.objects.keys()].filter((key) => !key.startsWith('.tidemark/'));
    for (const key of own.filter((each) => !(each in content))) if (left-- > 0) moveAway(key);
    for (const [key, text] of Object.entries(content)) {
      const known = before?.entries.find(({ path }) => path === key);
      const there = this.objects.get(key);
      if (known?.sha256 === text && there && known.object?.time === there.time) continue;
      if (left-- <= 0) continue;
      if (there) moveAway(key);
      this.objects.set(key, { bytes: text.length, time: `written-${++this.clock}`, content: text });
    }
    if (stopAfter < Infinity) return;
    this.states.push({
      id: folder.by,
      entries: Object.entries(content).map(([path, sha256]): Entry => {
        const { bytes = 0, time = '' } = this.objects.get(keyOf(path)) ?? {};
        return {
          path,
          type: 'f',
          mode: '644',
          uid: '0',
          gid: '0',
          mtime: '0.0',
          bytes,
          sha256,
          object: { bytes, time },
        };
      }),
    });
  }

  remove(index: number): void {
    const [going] = this.states.splice(index, 1);
    if (!going) return;
    const [before, after] = [this.states[index - 1], this.states[index]];
    const keys = planPrune({
      ...{ going: going.id, entries: going.entries, listing: this.objects },
      ...(before && { before }),
      ...(after && { after: after.id }),
    });
    for (const key of keys) this.objects.delete(key);
  }

  /** What a reader gets of a state: the first of what may be it that has the checksum. */
  read({ id, entries }: Bucket['states'][number]): Record<string, string | undefined> {
    const folders = keptFoldersIn(this.objects);
    return Object.fromEntries(
      entries.map((entry) => {
        const candidates = candidatesOf(id, entry, { listing: this.objects, folders });
        const found = candidates
          .map((key) => this.objects.get(key)?.content)
          .find((text) => text === entry.sha256);
        return [entry.path, found];
      }),
    );
  }
}

const content = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd/e'), fc.constantFrom('one', 'two', 'six'), {
  noNullPrototype: true,
});
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ write: content }) },
  { weight: 2, arbitrary: fc.record({ write: content, stopAfter: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ remove: fc.nat() }) },
);

test('every state that stays can be read whole, whatever was written, cut off and removed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const bucket = new Bucket();
      for (const each of steps) {
        if ('write' in each) bucket.write(each.write, 'stopAfter' in each ? each.stopAfter : undefined);
        // The newest is never removed.
        else if (bucket.states.length > 1) bucket.remove(each.remove % (bucket.states.length - 1));
        for (const state of bucket.states)
          expect(bucket.read(state)).toEqual(
            Object.fromEntries(state.entries.map(({ path, sha256 }) => [path, sha256])),
          );
      }
    }),
    { numRuns: 400 },
  );
});

test('once only the newest state is left, nothing that was replaced is kept for it', () => {
  const bucket = new Bucket();
  for (const text of ['one', 'two', 'six']) bucket.write({ a: text, b: 'one' });
  while (bucket.states.length > 1) bucket.remove(0);
  expect([...bucket.objects.keys()].toSorted()).toEqual(['a', 'b']);
});
