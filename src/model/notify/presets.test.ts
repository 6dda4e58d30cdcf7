import { makeContent, type NoticeItem } from './notice';
import { presetMessage } from './presets';

const item: NoticeItem = {
  ...{ event: 'began', relationship: 'wiki', kind: 'failed', target: 'beta', severity: 'warning' },
  text: '<script>alert(1)</script> & [a](https://evil.example) *bold* <!channel> @here',
  since: '2026-12-01T00:00:00.000Z',
  endedAt: null,
  labels: {},
};
const head = { id: '1', receiver: 'ops', createdAt: '2026-12-01T03:00:00.000Z' };
const content = makeContent(head, [item]);
const over = makeContent(head, [{ ...item, event: 'over', endedAt: '2026-12-01T02:00:00.000Z' }]);

test('Slack gets text in which nothing is a link, a mention or markup', () => {
  const { text, mrkdwn } = JSON.parse(presetMessage('slack', content).body) as {
    text: string;
    mrkdwn: boolean;
  };
  expect(mrkdwn).toBe(false);
  expect(text).toContain('&lt;!channel&gt;');
  expect(text).not.toMatch(/[<>]/);
});

test('Teams gets a card of runs of text', () => {
  const { attachments } = JSON.parse(presetMessage('teams', content).body) as {
    attachments: {
      contentType: string;
      content: { body: { type: string; inlines: { text: string }[] }[] };
    }[];
  };
  expect(attachments[0]?.contentType).toBe('application/vnd.microsoft.card.adaptive');
  const body = attachments[0]?.content.body ?? [];
  expect(body.every(({ type }) => type === 'RichTextBlock')).toBe(true);
  expect(body.map(({ inlines }) => inlines[0]?.text).join('\n')).toBe(content.text);
});

test('ntfy gets title and priority by headers, which hold nothing that a tool said', () => {
  const { headers, body } = presetMessage('ntfy', content);
  expect(headers).toMatchObject({ Title: 'Tidemark: wiki to beta is failing', Priority: '4' });
  expect(body).toContain('alert(1)');
  expect(presetMessage('ntfy', over).headers).toMatchObject({ Priority: '3', Tags: 'white_check_mark' });
});

test('a healthchecks-like service is told of failures and successes by the path', () => {
  expect(presetMessage('healthchecks', content).path).toBe('/fail');
  expect(presetMessage('healthchecks', over).path).toBeUndefined();
});
