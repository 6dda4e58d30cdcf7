import pino from 'pino';
import type { KnownCondition } from '../../model/notify/decide';
import { NotifySchema } from '../../model/notify/config';
import type { NoticeContent } from '../../model/notify/notice';
import { presetMessage } from '../../model/notify/presets';
import { Heartbeats } from './heartbeats';

const { receivers } = NotifySchema.parse({
  receivers: [
    { name: 'checks', webhook: { url: 'https://checks.example.net/1', preset: 'healthchecks', every: '5m' } },
    { name: 'chat', webhook: { url: 'https://chat.example.net/1' } },
  ],
  routes: [{ to: ['checks'] }],
});
const open = (told: KnownCondition['told']): KnownCondition => ({
  ...{ relationship: 'wiki', kind: 'late', target: 'beta', text: 'late', labels: {}, told },
  ...{ since: '2026-12-01T00:00:00.000Z', endedAt: null },
});

test('are sent as often as was asked for, and are failures while something is wrong that the receiver was told of', () => {
  const sent: NoticeContent[] = [];
  const notifier = { send: (content: NoticeContent) => (sent.push(content), Promise.resolve(undefined)) };
  const heartbeats = new Heartbeats(notifier, pino({ level: 'silent' }));
  const at = Date.parse('2026-12-01T00:00:00Z');
  const told = { checks: { at: '2026-12-01T00:00:00.000Z', notice: '1' } };
  heartbeats.beat(receivers, [], at);
  heartbeats.beat(receivers, [open(told)], at + 299_000);
  heartbeats.beat(receivers, [open(told)], at + 300_000);
  heartbeats.beat(receivers, [open({ chat: told.checks })], at + 600_000);
  expect(sent.map(({ receiver }) => receiver)).toEqual(['checks', 'checks', 'checks']);
  expect(sent.map((content) => presetMessage('healthchecks', content).path)).toEqual([
    undefined,
    '/fail',
    undefined,
  ]);
  expect(sent.map(({ title }) => title)).toEqual([
    'nothing is wrong now',
    'wiki to beta is still late',
    'nothing is wrong now',
  ]);
});
