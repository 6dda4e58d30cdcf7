import fc from 'fast-check';
import { type Condition, CONDITION_KINDS, keyOf } from './conditions';
import { type NotifyConfig, NotifySchema } from './config';
import { decide, type DecideInput, type KnownCondition, type Sending } from './decide';
import type { NoticeContent } from './notice';

const START = Date.parse('2026-12-01T00:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const HOUR = 3600;

const makeConfig = (
  routes: object[],
  receivers: object[] = [{ name: 'ops', program: { argv: ['/x'] } }],
): NotifyConfig => NotifySchema.parse({ receivers, routes });

const wrong = (
  relationship: string,
  kind: Condition['kind'] = 'late',
  labels: Condition['labels'] = {},
  target: string | null = 'beta',
): Condition => ({ relationship, kind, target, text: `${kind}, of course`, labels });

/** A catalog in memory, and a clock. */
class Story {
  known: KnownCondition[] = [];
  readonly notices: NoticeContent[] = [];
  /** Receivers that take nothing now. */
  readonly stuck = new Set<string>();
  lost = new Set<string>();
  private waiting: NoticeContent[] = [];
  private version = 0;

  constructor(
    public config: NotifyConfig,
    private readonly shuffle: <T>(list: readonly T[]) => T[] = (list) => [...list],
  ) {}

  look(seconds: number, observed: readonly Condition[]): NoticeContent[] {
    this.waiting = this.waiting.filter(({ receiver }) => this.stuck.has(receiver));
    const sending = new Map(
      this.config.receivers.map(({ name }): [string, Sending] => [
        name,
        {
          isWaiting: this.waiting.some(({ receiver }) => receiver === name),
          lastHour: this.notices.filter(
            ({ receiver, createdAt }) => receiver === name && createdAt > at(seconds - HOUR),
          ).length,
        },
      ]),
    );
    const input: DecideInput = {
      ...{ known: this.shuffle(this.known), observed: this.shuffle(observed), config: this.config, sending },
      ...{ lost: this.lost, now: at(seconds) },
      makeId: () => String(this.version),
    };
    const { changed, removed, notices } = decide(input);
    const news = new Map([...changed, ...removed].map((each) => [keyOf(each), each]));
    const gone = new Set(removed.map(keyOf));
    const kept = this.known.map((each) => news.get(keyOf(each)) ?? each);
    const added = changed.filter((each) => !this.known.some((other) => keyOf(other) === keyOf(each)));
    // What was written and read again is what the next decision starts from.
    this.known = [...kept, ...added].filter((each) => !gone.has(keyOf(each)));
    this.version++;
    this.notices.push(...notices);
    this.waiting.push(...notices);
    return notices;
  }
}

const titles = (notices: readonly NoticeContent[]) => notices.map(({ title }) => title);

test('is told once, again after a time, and when it is over', () => {
  const story = new Story(makeConfig([{ to: ['ops'], repeatAfter: '2h' }]));
  expect(story.look(0, [wrong('wiki')])).toEqual([]);
  expect(titles(story.look(30, [wrong('wiki')]))).toEqual(['wiki to beta is late']);
  expect(story.look(60, [wrong('wiki')])).toEqual([]);
  expect(story.look(2 * HOUR, [wrong('wiki')])).toEqual([]);
  expect(titles(story.look(2 * HOUR + 30, [wrong('wiki')]))).toEqual(['wiki to beta is still late']);
  expect(story.look(3 * HOUR, [])).toEqual([]);
  expect(titles(story.look(3 * HOUR + 30, []))).toEqual(['wiki to beta is no longer late']);
  expect(story.known).toEqual([]);
  expect(story.look(9 * HOUR, [])).toEqual([]);
});

test('is not told where it is over within the time that is waited for more, nor that it came back so soon', () => {
  const story = new Story(makeConfig([{ to: ['ops'] }]));
  story.look(0, [wrong('wiki')]);
  story.look(10, []);
  expect(story.known).toEqual([]);
  for (const [seconds, is] of [
    [100, true],
    [140, true],
    [150, false],
    [160, true],
    [300, true],
  ] as const)
    story.look(seconds, is ? [wrong('wiki')] : []);
  expect(titles(story.notices)).toEqual(['wiki to beta is late']);
});

test('goes by kinds, labels and severity, to each receiver by the first route that fits', () => {
  const receivers = ['ops', 'gold', 'ends'].map((name) => ({ name, program: { argv: ['/x'] } }));
  const config = makeConfig(
    [
      { to: ['ops'], severity: ['critical'], groupWait: '0s' },
      { to: ['gold'], labels: ['tier=gold'], events: ['late'], groupWait: '0s' },
      { to: ['ends'], events: ['recovered'], groupWait: '10s' },
    ],
    receivers,
  );
  const story = new Story(config);
  const all = [wrong('wiki', 'late', { tier: 'gold' }), wrong('mail'), wrong('shop', 'down')];
  const told = story.look(0, all).map(({ receiver, title }) => [receiver, title]);
  expect(told).toEqual([
    ['ops', 'shop to beta is down'],
    ['gold', 'wiki to beta is late'],
  ]);
  story.look(60, []);
  const over = story.look(70, []).map(({ receiver, title, counts }) => [receiver, title, counts.over]);
  expect(over).toContainEqual(['ends', '3 recovered', 3]);
  expect(story.notices.filter(({ receiver }) => receiver !== 'ends').map(({ title }) => title)).toEqual([
    'shop to beta is down',
    'wiki to beta is late',
    'shop to beta is no longer down',
    'wiki to beta is no longer late',
  ]);
  expect(story.known).toEqual([]);
});

test('a hundred thousand at once are one message that names the worst', () => {
  const story = new Story(makeConfig([{ to: ['ops'], groupWait: '0s' }]));
  const all = Array.from({ length: 100_000 }, (_, index) =>
    wrong(`r${index}`, index === 77_777 ? 'down' : 'late'),
  );
  const [notice, ...others] = story.look(0, all);
  expect(others).toEqual([]);
  expect(notice).toMatchObject({ title: '1 down, 99999 late', severity: 'critical', more: 99_980 });
  expect(notice?.items[0]).toMatchObject({ relationship: 'r77777', kind: 'down' });
  expect(notice?.text).toContain('and 99980 more');
  expect(titles(story.look(60, []))).toEqual(['100000 recovered']);
  expect(story.known).toEqual([]);
});

test('what comes while a receiver takes nothing, or has had too much, comes later as one message', () => {
  const story = new Story(
    makeConfig(
      [{ to: ['ops'], groupWait: '0s' }],
      [{ name: 'ops', program: { argv: ['/x'] }, maxPerHour: 2 }],
    ),
  );
  story.stuck.add('ops');
  story.look(0, [wrong('one')]);
  expect(story.look(10, [wrong('one'), wrong('two')])).toEqual([]);
  expect(story.look(20, [wrong('two'), wrong('three')])).toEqual([]);
  story.stuck.clear();
  expect(titles(story.look(30, [wrong('two'), wrong('three')]))).toEqual(['2 late; 1 recovered']);
  expect(story.look(40, [])).toEqual([]);
  expect(titles(story.look(HOUR + 1, []))).toEqual(['2 recovered']);
});

test('is told anew where the message that told it was given up before the file was changed', () => {
  const story = new Story(makeConfig([{ to: ['ops'], groupWait: '0s' }]));
  const [first] = story.look(0, [wrong('wiki')]);
  expect(story.look(10, [wrong('wiki')])).toEqual([]);
  story.lost.add(`ops/${first?.id}`);
  expect(titles(story.look(20, [wrong('wiki')]))).toEqual(['wiki to beta is late']);
  expect(story.look(30, [wrong('wiki')])).toEqual([]);
});

test('a receiver that is new hears of all that is wrong, one that is gone is waited for no more', () => {
  const receivers = ['ops', 'boss'].map((name) => ({ name, program: { argv: ['/x'] } }));
  const story = new Story(makeConfig([{ to: ['ops'], groupWait: '0s' }], receivers));
  story.look(0, [wrong('wiki')]);
  story.config = makeConfig([{ to: ['boss'], groupWait: '0s' }], receivers);
  expect(story.look(10, [wrong('wiki')]).map(({ receiver }) => receiver)).toEqual(['boss']);
  story.look(20, []);
  expect(story.known).toEqual([]);
});

const NAMES = ['a', 'b', 'c'] as const;
const kinds = fc.subarray([...CONDITION_KINDS].slice(0, 3));
const step = fc.record({
  seconds: fc.integer({ min: 1, max: 4000 }),
  wrong: fc.tuple(kinds, kinds, kinds),
  stuck: fc.boolean(),
});

test('whatever comes, in whatever order: each beginning is told once before its end, never twice within repeatAfter', () => {
  const repeat = 2 * HOUR;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat()), (steps, random) => {
      const shuffle = <T>(list: readonly T[]): T[] =>
        list
          .map((each) => ({ each, by: Number(random.next().value) }))
          .toSorted((one, other) => one.by - other.by)
          .map(({ each }) => each);
      const story = new Story(makeConfig([{ to: ['ops'], repeatAfter: '2h', groupWait: '1m' }]), shuffle);
      let now = 0;
      let observed: Condition[] = [];
      for (const { seconds, wrong: lists, stuck } of steps) {
        now += seconds;
        if (stuck) story.stuck.add('ops');
        else story.stuck.clear();
        observed = NAMES.flatMap((name, index) => (lists[index] ?? []).map((kind) => wrong(name, kind)));
        story.look(now, observed);
      }
      story.stuck.clear();
      for (const after of [HOUR + 1, HOUR + 70]) story.look(now + after, observed);

      const open = new Map<string, string>();
      for (const { createdAt, items, more } of story.notices) {
        expect(more).toBe(0);
        for (const item of items) {
          const key = keyOf(item);
          const last = open.get(key);
          if (item.event === 'over') {
            expect(last).toBeDefined();
            open.delete(key);
            continue;
          }
          expect(item.event === 'began').toBe(last === undefined);
          if (last !== undefined)
            expect(Date.parse(createdAt) - Date.parse(last)).toBeGreaterThanOrEqual(repeat * 1000);
          open.set(key, createdAt);
        }
      }
      // In the end everybody knows exactly what is wrong, and nothing else is kept.
      expect([...open.keys()].sort()).toEqual(observed.map(keyOf).sort());
      expect(story.known.map(keyOf).sort()).toEqual(observed.map(keyOf).sort());
    }),
  );
});
