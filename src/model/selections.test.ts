import { makeDocument } from '../../test/support/model/records';
import { formatCheck } from '../client/check';
import { fanOut } from './fan-out';
import { assess } from './health';
import { checkDocument } from './parse-spec';
import { activeDocument, heldHosts, initialState, phaseOf } from './relationship-state';
import { isConcerned, noteSelection, selectionTexts } from './selections';
import type { Relationship } from './spec';
import { summarize } from './summary';

const { relationship } = checkDocument({
  apiVersion: 'tidemark/v1',
  kind: 'Relationship',
  metadata: { name: 'wiki' },
  spec: {
    source: { host: 'alpha', directory: '/srv/wiki' },
    targets: [{ hostSelector: { matchLabels: { region: 'eu' } }, directory: '/srv/x' }],
  },
});
const written = relationship as Relationship;
const onHosts = (...hosts: string[]): Relationship =>
  fanOut(
    written,
    hosts.map((host) => ({ host, labels: { region: 'eu' } })),
  ).document;
const AT = '2026-11-30T09:00:00.123Z';

test('whoever is meant and no target, or a target and not meant, concerns a document; the source never', () => {
  const document = onHosts('edge1');
  expect(isConcerned(document, 'edge1', { region: 'eu' })).toBe(false);
  expect(isConcerned(document, 'edge2', { region: 'eu' })).toBe(true);
  expect(isConcerned(document, 'edge1', { region: 'us' })).toBe(true);
  expect(isConcerned(document, 'edge1', null)).toBe(true);
  expect(isConcerned(document, 'edge2', {})).toBe(false);
  expect(isConcerned(document, 'alpha', { region: 'eu' })).toBe(false);
  expect(isConcerned(makeDocument('plain'), 'edge1', { region: 'eu' })).toBe(false);
});

test('a target that is left off is told of until it is one again', () => {
  const state: Parameters<typeof noteSelection>[0] = { document: onHosts('edge1') };
  noteSelection(state, onHosts('edge1', 'edge2'), [], AT);
  expect(selectionTexts(state.selection)).toEqual([
    'edge2:/srv/x is no target any more since 2026-11-30T09:00:00Z, when its labels no longer matched: what lies there stays, and is not kept fresh',
  ]);
  noteSelection(state, onHosts('edge1'), ['a conflict'], AT);
  expect(selectionTexts(state.selection)).toEqual(['a conflict', expect.stringMatching(/^edge2:/)]);
  state.document = onHosts('edge1', 'edge2');
  noteSelection(state, onHosts('edge1'), [], AT);
  expect(state.selection).toBeUndefined();
});

test('a relationship without any target is down and waits, and monitoring is told why', () => {
  const state = { ...initialState('wiki'), document: onHosts() };
  expect(phaseOf(state)).toBe('WaitingForHost');
  const watched = { targets: [], paused: false };
  expect(assess(onHosts(), watched, Date.parse(AT))).toMatchObject({
    status: 'down',
    reason: expect.stringMatching(/^no agent has the labels region=eu: /) as unknown,
  });
  const summary = summarize(
    {
      ...{ name: 'wiki', document: onHosts(), phase: 'WaitingForHost', paused: false, direction: 'forward' },
      ...{ epoch: 1, sequence: 0, targets: [], consecutiveFailures: 0, missedTicks: 0, warnings: [] },
    },
    Date.parse(AT),
  );
  expect(formatCheck([summary])).toMatch(/^DOWN wiki: no agent has the labels region=eu/);
});

test('the primary, and who is waited for, are held', () => {
  const state = { ...initialState('wiki'), document: onHosts('edge1', 'edge2', 'edge3'), primary: 'edge2' };
  expect(heldHosts(state)).toEqual(['edge2']);
  expect(activeDocument(state)?.spec.source.host).toBe('edge2');
});
