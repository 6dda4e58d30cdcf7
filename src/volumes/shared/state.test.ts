import type { Claim } from '../../model/records';
import { findObjection, renewClaim, type State } from './state';

const state = (...claims: Claim[]): State => ({
  version: 1,
  claims: Object.fromEntries(claims.map((claim) => [claim.relationship, claim])),
});
const source = (relationship: string, epoch = 1): Claim => ({ relationship, epoch, role: 'source' });
const target = (relationship: string, epoch = 1): Claim => ({ relationship, epoch, role: 'target' });

it.each<[string, State, Claim]>([
  ['a first claim', state(), target('wiki')],
  ['the same claim again', state(target('wiki')), target('wiki')],
  ['a newer epoch, in the other role', state(target('wiki')), source('wiki', 2)],
  ['another source', state(source('a')), source('wiki')],
  ['a target that is copied on', state(target('a')), source('wiki')],
  ['its own target again, which is copied on', state(target('wiki'), source('a')), target('wiki')],
])('takes %s', (_, stored, claim) => {
  expect(findObjection(stored, claim)).toBeUndefined();
});

it.each<[string, State, Claim, RegExp]>([
  ['an epoch that is over', state(target('wiki', 3)), target('wiki', 2), /epoch 3/],
  ['both roles in one epoch', state(source('wiki')), target('wiki'), /already the source of wiki/],
  ['a second target', state(target('a')), target('wiki'), /already the target of a/],
  ['a target where another reads', state(source('a')), target('wiki'), /already the source of a/],
  [
    'a target again, where another is one',
    state(source('wiki'), target('a')),
    target('wiki', 2),
    /target of a/,
  ],
])('refuses %s', (_, stored, claim, why) => {
  expect(findObjection(stored, claim)).toMatch(why);
});

it('lets the target of an epoch become its primary by promotion alone', () => {
  const stored = state(target('wiki', 2));
  expect(findObjection(stored, source('wiki', 2))).toMatch(/already the target/);
  expect(findObjection(stored, source('wiki', 2), true)).toBeUndefined();
  const demoted = { version: 1 as const, claims: { wiki: { ...target('wiki', 2), demoted: true as const } } };
  expect(findObjection(demoted, source('wiki', 2), true)).toMatch(/already the target/);
  expect(findObjection(state(target('wiki', 3)), source('wiki', 2), true)).toMatch(/epoch 3/);
  expect(findObjection(state(source('wiki', 2)), target('wiki', 2), true)).toMatch(/already the source/);
});

it('stores a claim anew only where something changes, and knows a demotion until its epoch is over', () => {
  const demoted = { ...target('wiki', 2), demoted: true } as const;
  expect(renewClaim(undefined, target('wiki'))).toEqual(target('wiki'));
  expect(renewClaim(target('wiki'), target('wiki'))).toBeUndefined();
  expect(renewClaim(demoted, target('wiki', 2))).toBeUndefined();
  expect(renewClaim({ ...demoted, readOnly: true }, target('wiki', 2))).toEqual(demoted);
  expect(renewClaim({ ...demoted, readOnly: true }, target('wiki', 3))).toEqual(target('wiki', 3));
});
