import fc from 'fast-check';
import type { Change } from '../../trees/fingerprint';
import type { WalkEntry } from '../../trees/walk';
import { MoverSchema } from '../../model/spec';
import { foreseeByNames } from './foresee';

const entryOf = (path: string, size: number, type = 'f'): WalkEntry => ({
  ...{ type, size, path, device: '1', inode: '2', links: 1, mode: '644', uid: '0', gid: '0' },
  ...{ diskBytes: size, mtime: '1.0', ctime: '1.0' },
});

const changes = fc.uniqueArray(
  fc.record({
    path: fc.stringMatching(/^\.\/[a-z]{1,8}$/),
    size: fc.nat(1000),
    type: fc.constantFrom('f', 'd', 'l'),
    how: fc.constantFrom<Change['how'][]>('new', 'visible', 'hidden'),
  }),
  { selector: ({ path }) => path },
);

const known = { entriesBefore: 7, vanished: 0, changed: [] };
const asked = {
  mover: MoverSchema.parse({}),
  found: { hasNoNewNames: true as const },
  targetEntries: 7,
};

it('adds up the files that will be gone through, and those of them that a pass before sends', () => {
  fc.assert(
    fc.property(changes, fc.func(fc.boolean()), (all, isSuspect) => {
      const changed = all.map(({ path, size, type, how }) => ({ entry: entryOf(path, size, type), how }));
      const suspects = all.map(({ path }) => path).filter((path) => isSuspect(path));
      const foreseen = foreseeByNames(asked, { since: { ...known, changed } }, suspects);
      const sum = (of: typeof all) => of.reduce((total, { size }) => total + size, 0);
      const sent = all.filter(({ type, how }) => type === 'f' && how !== 'hidden');
      const before = sent.filter(({ how, path }) => how === 'visible' && suspects.includes(path));
      expect(foreseen).toEqual({ isEqual: false, bytesToSend: sum(sent), suspectBytes: sum(before) });
    }),
  );
});

it.each([
  ['the source is not known to have changed nothing else', asked, {}],
  ['a name is gone', asked, { since: { ...known, vanished: 1 } }],
  ['the source had another number of names', asked, { since: { ...known, entriesBefore: 6 } }],
  ['nobody counted the target', { ...asked, targetEntries: undefined }, { since: known }],
  ['others may have made names at the target', { ...asked, found: {} }, { since: known }],
  [
    'the spec leaves something out',
    { ...asked, mover: MoverSchema.parse({ rsync: { exclude: ['*.log'] } }) },
    { since: known },
  ],
])('leaves it to a dry pass where %s', (_why, { targetEntries, ...request }, look) => {
  const counted = targetEntries === undefined ? {} : { targetEntries };
  expect(foreseeByNames({ ...request, ...counted }, look, [])).toBeUndefined();
});
