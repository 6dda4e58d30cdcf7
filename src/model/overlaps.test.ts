import fc from 'fast-check';
import { objectToOverlap, type OtherVolume } from './overlaps';

const wiki = (role: 'source' | 'target') => ({ relationship: 'wiki', role });
const mail = (role: 'source' | 'target'): OtherVolume => ({ relationship: 'mail', role, path: '/srv/mail' });
const here = { acrossMount: false };

it.each([
  ['target', 'target', 'same', 'same directory'],
  ['target', 'source', 'same', 'same directory'],
  ['target', 'target', 'inside', 'lies inside /srv/mail, the target of mail'],
  ['target', 'source', 'inside', 'lies inside /srv/mail, the source of mail'],
  ['target', 'target', 'contains', 'contains /srv/mail'],
  ['target', 'source', 'contains', 'contains /srv/mail'],
  ['source', 'target', 'inside', 'lies inside /srv/mail'],
  ['source', 'target', 'contains', 'contains /srv/mail'],
] as const)("a %s is refused by another's %s: %s", (role, other, how, reason) => {
  expect(objectToOverlap(wiki(role), mail(other), { how, ...here })).toContain(reason);
});

it.each([
  ["a chain: a source that is another's target", 'source', 'target', 'same', here],
  ['a source that is copied twice', 'source', 'source', 'same', here],
  ['a source in a source', 'source', 'source', 'inside', here],
  ['a source around a source', 'source', 'source', 'contains', here],
  ['a target on a disk that is mounted in a source', 'target', 'source', 'inside', { acrossMount: true }],
  ['a source in which such a disk is mounted', 'source', 'target', 'contains', { acrossMount: true }],
] as const)('goes on: %s', (_, role, other, how, mounted) => {
  expect(objectToOverlap(wiki(role), mail(other), { how, ...mounted })).toBeUndefined();
});

it("refuses source and target of one relationship in or around each other, and takes one volume's other path", () => {
  const own = (role: 'source' | 'target') => ({ ...wiki(role), path: '/srv/wiki' });
  for (const acrossMount of [true, false]) {
    for (const how of ['same', 'inside', 'contains'] as const) {
      expect(objectToOverlap(wiki('source'), own('target'), { how, acrossMount })).toBeDefined();
      expect(objectToOverlap(wiki('target'), own('source'), { how, acrossMount })).toBeDefined();
    }
  }
  for (const role of ['source', 'target'] as const)
    expect(objectToOverlap(wiki(role), own(role), { how: 'same', ...here })).toBeUndefined();
});

it('refuses the same pairs whichever comes first, but for a copy that is copied on', () => {
  const TURNED = { same: 'same', inside: 'contains', contains: 'inside' } as const;
  const role = fc.constantFrom('source' as const, 'target' as const);
  const how = fc.constantFrom('same' as const, 'inside' as const, 'contains' as const);
  fc.assert(
    fc.property(role, role, how, fc.boolean(), fc.boolean(), (one, other, lies, acrossMount, isOwn) => {
      fc.pre(lies !== 'same' || one === other);
      const relationship = isOwn ? 'wiki' : 'mail';
      const party = (relation: string, each: 'source' | 'target') => ({
        relationship: relation,
        role: each,
        path: '/x',
      });
      const first = objectToOverlap(party('wiki', one), party(relationship, other), {
        how: lies,
        acrossMount,
      });
      const second = objectToOverlap(party(relationship, other), party('wiki', one), {
        how: TURNED[lies],
        acrossMount,
      });
      expect(first === undefined).toBe(second === undefined);
    }),
  );
});
