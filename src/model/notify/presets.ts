/** Messages as the services take them that many people use. Names and tools' words are shown as text, never as markup. Pure. */
import type { Preset } from './config';
import type { NoticeContent } from './notice';

/** A request, but for what is the receiver's own. */
export interface Message {
  /** Put behind the address's path. */
  path?: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const TEXT_HEADERS = { 'content-type': 'text/plain; charset=utf-8' };

/** All there is, for whoever takes JSON. */
export function plainMessage(content: NoticeContent): Message {
  return { headers: JSON_HEADERS, body: JSON.stringify(content) };
}

/** Slack's own rule: these three, and nothing else. */
const escapeSlack = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function slackMessage({ text }: NoticeContent): Message {
  return { headers: JSON_HEADERS, body: JSON.stringify({ text: escapeSlack(text), mrkdwn: false }) };
}

/** In runs of text Teams looks for no markup. */
function teamsMessage({ text, severity }: NoticeContent): Message {
  const [title = '', ...lines] = text.split('\n');
  const color = severity === 'critical' ? 'attention' : severity === 'warning' ? 'warning' : 'good';
  const block = (line: string, style: object = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text: line, ...style }],
  });
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [block(title, { weight: 'bolder', color }), ...lines.map((line) => block(line))],
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', content: card };
  return { headers: JSON_HEADERS, body: JSON.stringify({ type: 'message', attachments: [attachment] }) };
}

const NTFY_PRIORITIES = { critical: '5', warning: '4' } as const;

function ntfyMessage({ title, text, severity }: NoticeContent): Message {
  const [, ...lines] = text.split('\n');
  const tags = severity === null ? 'white_check_mark' : 'warning';
  return {
    headers: {
      ...TEXT_HEADERS,
      Title: `Tidemark: ${title}`,
      Priority: severity === null ? '3' : NTFY_PRIORITIES[severity],
      Tags: tags,
    },
    body: lines.join('\n'),
  };
}

/** Something began or goes on: `/fail`; all of it is over, or a test: a success. */
function healthchecksMessage({ text, severity }: NoticeContent): Message {
  return { ...(severity !== null && { path: '/fail' }), headers: TEXT_HEADERS, body: text };
}

const MESSAGES: Record<Preset, (content: NoticeContent) => Message> = {
  slack: slackMessage,
  teams: teamsMessage,
  ntfy: ntfyMessage,
  healthchecks: healthchecksMessage,
};

export function presetMessage(preset: Preset | undefined, content: NoticeContent): Message {
  return preset === undefined ? plainMessage(content) : MESSAGES[preset](content);
}
