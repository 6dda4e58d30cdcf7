import { makeStatus } from '../../../test/support/model/status';
import type { HostSeen } from '../../api/host-seen';
import { summarize } from '../../model/summary';
import { actorText, eventText } from './events-text';
import { hostsInOrder } from './hosts';
import { leftOutText } from './left-out-text';
import { worstTarget } from './worst';

test('hosts that need somebody come first', () => {
  const host = (name: string, seen: boolean, named: boolean, identities: string[] = ['1@x']): HostSeen => ({
    ...{ name, seen, named, identities, labels: null, toldAt: null },
  });
  const hosts = [
    host('gone', false, false),
    host('b', true, true),
    host('a', true, true),
    host('two', true, true, ['1', '2']),
    host('away', false, true),
  ];
  expect(hostsInOrder(hosts).map(({ name }) => name)).toEqual(['away', 'two', 'a', 'b', 'gone']);
});

test('a line is about the worst target, and of equals about the latest', () => {
  const summary = summarize(
    makeStatus('wiki', { targets: ['a', 'b', 'c'].map((host) => ({ host, directory: '/x' })) }),
    0,
  );
  const targets = summary.targets.map((target, index) => ({
    ...{ ...target, status: index === 0 ? ('up' as const) : ('warn' as const), lagSeconds: index * 100 },
    promised: { seconds: 60, by: 'rpo' as const },
  }));
  expect(worstTarget({ targets })?.name).toBe('c');
  expect(worstTarget({ targets: [] })).toBeUndefined();
});

test('who did it is told with the door, and why', () => {
  expect(actorText({ name: 'alice@desk', via: 'cli', reason: 'new disks' })).toBe(
    'alice@desk, by command line: new disks',
  );
  expect(actorText({ name: null, via: 'schedule' })).toBe('the schedule');
});

test('an event is told with its target, once', () => {
  const event = { text: 'nothing differs', target: 'beta', sync: null } as Parameters<typeof eventText>[0];
  expect(eventText(event)).toBe('beta: nothing differs');
  expect(eventText({ ...event, text: 'to beta' })).toBe('to beta');
});

test('what is left out is counted by reason', () => {
  expect(leftOutText([{ reason: 'socket', count: 2, examples: [] }])).toBe('2 socket');
  expect(leftOutText([])).toBe('–');
});
