import fc from 'fast-check';
import { type Comparison, type Fingerprint, FingerprintComparer, FingerprintMaker } from './fingerprint';
import { formatFingerprint, parseFingerprint } from './fingerprint-file';
import { makeRecordReader } from '../hosts/record-reader';
import { parseEntry, type WalkEntry } from './walk';

const NOW = 1_700_000_000;
const end = { startedAt: NOW, complete: true, problems: '' };
/** Paths are bytes, whatever they stand for. */
const path = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => `./${Buffer.from(bytes.map((byte) => byte || 1)).toString('latin1')}`);
const time = fc.integer({ min: 0, max: NOW - 10 }).map((seconds) => `${seconds}.1234567890`);
const entry: fc.Arbitrary<WalkEntry> = fc.record({
  type: fc.constantFrom('f', 'd', 'l', 'p'),
  device: fc.constant('2049'),
  inode: fc.integer({ min: 1, max: 99 }).map(String),
  links: fc.integer({ min: 1, max: 2 }),
  mode: fc.constant('644'),
  uid: fc.constant('0'),
  gid: fc.constant('0'),
  size: fc.nat(1000),
  diskBytes: fc.nat(8).map((blocks) => blocks * 512),
  mtime: time,
  ctime: time,
  path,
});
const tree = fc.uniqueArray(entry, { selector: (one) => one.path, maxLength: 30 });

function take(entries: WalkEntry[], how = end): Fingerprint {
  const maker = new FingerprintMaker();
  for (const one of entries) maker.add(one, how.startedAt);
  return maker.end(how);
}

function compare(before: Fingerprint | undefined, entries: WalkEntry[], how = end): Comparison {
  const comparer = new FingerprintComparer(before);
  for (const one of entries) comparer.add(one, how.startedAt);
  return comparer.end(how);
}

it('finds a tree equal to itself, in whatever order its entries come', () => {
  fc.assert(
    fc.property(tree, (entries) => {
      expect(compare(take(entries), entries.toReversed())).toEqual({
        changed: [],
        vanished: 0,
        isWhole: true,
        equal: true,
      });
    }),
  );
});

it('names every entry of which anything changed, and says whether rsync would see it', () => {
  const change = fc.constantFrom<keyof WalkEntry>('inode', 'ctime', 'mtime', 'size', 'type');
  fc.assert(
    fc.property(tree, fc.nat(), change, (entries, index, field) => {
      fc.pre(entries.length > 0);
      const at = index % entries.length;
      const before = entries[at] as WalkEntry;
      const value = { inode: '777', ctime: '5.0000000010', mtime: '5.0000000010', size: 5555, type: 'b' };
      const after = { ...before, [field]: value[field as keyof typeof value] };
      const { changed, equal } = compare(take(entries), entries.with(at, after));
      const how = field === 'inode' || field === 'ctime' ? 'hidden' : 'visible';
      expect({ changed, equal }).toEqual({ changed: [{ entry: after, how }], equal: false });
    }),
  );
});

it('counts what is gone, and names what is new', () => {
  fc.assert(
    fc.property(tree, tree, (some, others) => {
      const known = new Set(some.map((one) => one.path));
      const fresh = others.filter((one) => !known.has(one.path));
      expect(compare(take(some), fresh)).toEqual({
        changed: fresh.map((one) => ({ entry: one, how: 'new' })),
        vanished: some.length,
        isWhole: true,
        equal: some.length === 0 && fresh.length === 0,
      });
    }),
  );
});

it('trusts nothing that may have changed within one tick of the clock', () => {
  const one = (ctime: string): WalkEntry => ({
    ...{
      type: 'f',
      device: '1',
      inode: '1',
      links: 1,
      mode: '644',
      uid: '0',
      gid: '0',
      size: 1,
      diskBytes: 512,
    },
    ...{ mtime: '1.5', path: './a', ctime },
  });
  const hows = (ctime: string) => compare(take([one(ctime)]), [one(ctime)]).changed.map(({ how }) => how);
  expect(hows(`${NOW - 1}.9000000000`)).toEqual([]);
  expect(hows(`${NOW - 1}.9900000000`)).toEqual(['hidden']);
  expect(hows(`${NOW + 50}.0000000010`)).toEqual(['hidden']);
  // A filesystem of whole seconds.
  expect(hows(`${NOW - 1}.0000000000`)).toEqual(['hidden']);
  expect(hows(`${NOW - 3}.0000000000`)).toEqual([]);
});

it('never finds equal what is not known, or was not wholly seen', () => {
  const partly = { ...end, complete: false };
  expect(compare(undefined, []).equal).toBe(false);
  expect(compare(take([], partly), []).equal).toBe(false);
  expect(compare(take([]), [], partly).equal).toBe(false);
  fc.assert(
    fc.property(tree, (entries) => {
      const all = entries.map((one) => ({ entry: one, how: 'hidden' }));
      expect(compare(undefined, entries).changed).toEqual(all);
      expect(compare(take([], partly), entries).changed).toEqual(all);
    }),
  );
});

it('comes back from its file as it was, or not at all', () => {
  fc.assert(
    fc.property(tree, fc.nat(), (entries, at) => {
      const fingerprint = take(entries);
      const text = formatFingerprint(fingerprint);
      expect(parseFingerprint(text)).toEqual(fingerprint);
      expect(parseFingerprint(text.slice(0, at % (text.length - 1)))).toBeUndefined();
    }),
  );
});

it('counts a file of two names once', () => {
  const one: WalkEntry = {
    ...{ type: 'f', device: '1', inode: '7', links: 2, mode: '644', uid: '0', gid: '0', size: 10 },
    ...{ diskBytes: 4096, mtime: '1.5', ctime: '1.5', path: './a' },
  };
  const { entries, fileBytes, diskBytes } = take([one, { ...one, path: './b' }]);
  expect({ entries, fileBytes, diskBytes }).toEqual({ entries: 2, fileBytes: 10, diskBytes: 4096 });
});

it('reads entries however the output was cut', () => {
  const line = (one: WalkEntry) => {
    const { type, device, inode, links, mode, uid, gid, size, diskBytes, mtime, ctime } = one;
    return [type, device, inode, links, mode, uid, gid, size, diskBytes / 512, mtime, ctime, one.path].join(
      ' ',
    );
  };
  fc.assert(
    fc.property(tree, fc.integer({ min: 1, max: 50 }), (entries, step) => {
      const bytes = Buffer.from(entries.map((one) => `${line(one)}\0`).join(''), 'latin1');
      const seen: WalkEntry[] = [];
      const reader = makeRecordReader((record) => seen.push(parseEntry(record)), '\0');
      for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
      expect(seen).toEqual(entries);
      expect(reader.isWhole()).toBe(true);
    }),
  );
});
