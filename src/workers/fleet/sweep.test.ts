import { makeStatus } from '../../../test/support/model/status';
import type { StateEntry } from '../../catalog/contract';
import type { Phase } from '../../model/status';
import { chooseToAsk } from './sweep';

const NOW = Date.parse('2026-11-21T10:00:00Z');

const entry = (
  name: string,
  agoMs: number,
  phase: Phase = 'Idle',
  more: Partial<StateEntry> = {},
): StateEntry => ({
  ...{ name, revision: 1, vanished: null, scheduleTrouble: null },
  status: { ...makeStatus(name), phase },
  toldAt: new Date(NOW - agoMs).toISOString(),
  ...more,
});
const choose = (entries: StateEntry[], running: [string, Phase?][], asked: [string, number][] = []) =>
  chooseToAsk(
    {
      states: new Map(entries.map((each) => [each.name, each])),
      askedAtMs: new Map(asked.map(([name, agoMs]) => [name, NOW - agoMs])),
    },
    { running: new Map(running.map(([name, phase]) => [name, phase])) },
    NOW,
  );

test('who has just told of itself is not asked', () => {
  expect(choose([entry('wiki', 9000)], [['wiki', 'Idle']])).toEqual([]);
});

test('who runs and was never heard is asked, and who was thought to have vanished', () => {
  const vanished = entry('mail', 9_000_000, 'Idle', { vanished: { how: 'lost', at: null } });
  expect(
    choose(
      [vanished],
      [
        ['wiki', 'Idle'],
        ['mail', 'Idle'],
      ],
    ),
  ).toEqual(['wiki', 'mail']);
});

test('whose phase is another in Temporal is asked, once the listing has had time to follow', () => {
  expect(choose([entry('wiki', 1000, 'Syncing')], [['wiki', 'Idle']])).toEqual([]);
  expect(choose([entry('wiki', 9000, 'Syncing')], [['wiki', 'Idle']])).toEqual(['wiki']);
  // It was asked just now: the listing is what is old.
  expect(choose([entry('wiki', 9000, 'Syncing')], [['wiki', 'Idle']], [['wiki', 1000]])).toEqual([]);
});

test('who was silent for long is asked in turn, twenty at a time, those first that were asked longest ago', () => {
  const names = Array.from({ length: 50 }, (_, index) => `r${String(index).padStart(2, '0')}`);
  const entries = names.map((name) => entry(name, 3_600_000));
  const running = names.map((name): [string, Phase] => [name, 'Idle']);
  const first = choose(entries, running);
  expect(first).toEqual(names.slice(0, 20));
  const asked = names.map((name, index): [string, number] => [name, index < 20 ? 70_000 : 100_000 + index]);
  expect(new Set(choose(entries, running, asked))).toEqual(new Set(names.slice(30)));
});
