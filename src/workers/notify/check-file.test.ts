import { conditionsSample } from '../../model/notify/sample';
import { checkNotifyFile } from './check-file';
import { render } from './templates';

const GOOD = `receivers:
  - name: chat
    webhook:
      urlFrom: { env: CHAT_URL }
      preset: slack
  - name: mail
    email:
      host: mail.example.net
      user: tidemark
      passwordFrom: { file: /etc/tidemark/mail-password }
      from: tidemark@example.net
      to: [ops@example.net]
  - name: pager
    program:
      argv: [/usr/local/bin/page]
routes:
  - to: [chat, mail]
  - to: [pager]
    events: [down]
    labels: [tier=gold, '!test']
    severity: [critical]
`;

test('a right file is taken', () => {
  expect(checkNotifyFile(GOOD, 'n.yaml')).toEqual({ problems: [], warnings: [], receivers: 3, routes: 2 });
});

test('every mistake is told at once, with its line and what was meant', () => {
  const text = `receivers:
  - name: chat
    webhok: { url: https://chat.example.net/x }
  - name: chat
    webhook: { url: ftp://x, urlFrom: { env: A, file: /b } }
  - name: mail
    email:
      host: m
      tls: none
      passwordFrom: { file: /p }
      from: nobody
      to: []
  - name: prog
    program: { argv: [page], timeout: soon }
    maxPerHour: 0
routes:
  - to: [chatt]
    events: [fail]
    labels: [tier = gold]
    repeatAfter: 1
`;
  expect(checkNotifyFile(text, 'n.yaml').problems).toEqual([
    'n.yaml:2:5: receivers[0]: must have webhook, email or program',
    'n.yaml:3:5: receivers[0].webhok: unknown key; did you mean "webhook"?',
    'n.yaml:4:11: receivers[1].name: there is a receiver "chat" already',
    'n.yaml:5:21: receivers[1].webhook.url: is no address such as https://chat.example.net/hook',
    'n.yaml:5:30: receivers[1].webhook.urlFrom: url and urlFrom exclude each other: give url or urlFrom',
    'n.yaml:5:49: receivers[1].webhook.urlFrom.file: env and file exclude each other: give env or file',
    'n.yaml:7:5: receivers[2].email: user and passwordFrom belong together: give both, or neither',
    'n.yaml:9:12: receivers[2].email.tls: a password is never sent without TLS: take starttls or tls',
    'n.yaml:11:13: receivers[2].email.from: must be an address such as ops@example.net, not "nobody"',
    'n.yaml:12:7: receivers[2].email.to: must have at least 1 entry',
    'n.yaml:14:23: receivers[3].program.argv[0]: must be the absolute path of a program',
    'n.yaml:14:39: receivers[3].program.timeout: must be a duration such as 90s, 15m, 1h30m or 7d, not "soon"',
    'n.yaml:15:17: receivers[3].maxPerHour: must be at least 1',
    'n.yaml:17:10: routes[0].to[0]: there is no receiver "chatt"; did you mean "chat"?',
    'n.yaml:18:14: routes[0].events[0]: must be one of down, diverged, failedOver, failed, drillFailed, waiting, late, recovered, not "fail"; did you mean "failedOver"?',
    'n.yaml:19:14: routes[0].labels[0]: must be like tier=gold, tier!=gold, tier or !tier',
    'n.yaml:20:18: routes[0].repeatAfter: must be a duration such as 90s, 15m, 1h30m or 7d, not 1',
  ]);
});

test('nothing, several documents, and broken YAML are told as such', () => {
  expect(checkNotifyFile('', 'n.yaml').problems).toEqual(['n.yaml:1:1: there is nothing in it']);
  expect(checkNotifyFile(`${GOOD}---\n${GOOD}`, 'n.yaml').problems).toEqual([
    expect.stringMatching(/: one document is all that it may have$/),
  ]);
  expect(checkNotifyFile('receivers:\n\t- x\n', 'n.yaml').problems[0]).toContain('a tab can not indent');
});

const withBody = (body: string, more = '') =>
  checkNotifyFile(
    `receivers:\n  - name: chat\n    webhook:\n      url: https://chat.example.net/x\n${more}      body: ${JSON.stringify(body)}\nroutes: [{ to: [chat] }]\n`,
    'n.yaml',
  ).problems;

test('a template that would fail is refused when the file is read', () => {
  expect(withBody('{ "text": {{ text | json }}, "n": {{ items.size }} }')).toEqual([]);
  const at = 'n.yaml:5:13: receivers[0].webhook.body: ';
  expect(withBody('{{ text')).toEqual([expect.stringContaining(`${at}fails: output "{{ text" not closed`)]);
  expect(withBody('{{ nothing }}')).toEqual([
    expect.stringContaining(`${at}fails: undefined variable: nothing`),
  ]);
  expect(withBody('{{ text | shout }}')).toEqual([expect.stringContaining('undefined filter: shout')]);
  expect(withBody('{"text": "{{ text }}"}')).toEqual([expect.stringContaining(`${at}makes no JSON`)]);
  expect(withBody('{{ text }}', '      headers: { content-type: text/plain }\n')).toEqual([]);
});

test('a template reads no file, nothing of a prototype, and ends', () => {
  const [content] = conditionsSample();
  if (!content) throw new Error('there are samples');
  expect(() => render('{% include "/etc/passwd" %}', content)).toThrow(/ENOENT|not found/i);
  expect(() => render('{% render "/etc/passwd" %}', content)).toThrow(/ENOENT|not found/i);
  expect(() => render('{{ items.constructor }}', content)).toThrow(/undefined variable/);
  expect(() => render('{{ text.constructor.constructor }}', content)).toThrow(/undefined variable/);
  const endless = '{% for a in (1..100000000) %}x{% endfor %}';
  expect(() => render(endless, content)).toThrow(/limit exceeded/);
});

test('what is in the clear, or leads nowhere, is warned of', () => {
  const text = GOOD.replace('urlFrom: { env: CHAT_URL }', 'url: http://chat.example.net/x').replace(
    'to: [chat, mail]',
    'to: [mail]',
  );
  expect(checkNotifyFile(text, 'n.yaml').warnings).toEqual([
    expect.stringContaining('no route leads there'),
    expect.stringContaining('what is sent there is not encrypted'),
  ]);
});
