/** People are told: by every kind of receiver, once, late rather than never, and whatever is killed meanwhile. */
import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { NotifyTestAnswer } from '../../src/api/messages';
import type { NoticesAnswer } from '../../src/api/notices-answer';
import { type NoticeContent, makeTestContent } from '../../src/model/notify/notice';
import { CONTROL_QUEUE } from '../../src/model/names';
import { NotifyFile } from '../../src/workers/notify/notify-file';
import { makeNotifier } from '../../src/workers/notify/notifier';
import { HttpReceiver } from '../support/receivers/http-receiver';
import { makeCertificate, MailReceiver } from '../support/receivers/mail-receiver';
import { eventually, TestSystem } from '../support/system/system';
import { syncWell, writeDocument } from '../support/system/user';

let folder: string;
let system: TestSystem;
let hook: HttpReceiver;
let other: HttpReceiver;
let mails: Record<'offered' | 'only' | 'none', MailReceiver>;
let hanging: ReturnType<ReturnType<typeof makeNotifier>['send']>;
let hungSince: number;
const at = (...parts: string[]) => join(folder, ...parts);

const receiversOf = () => ({
  down: { webhook: { url: hook.url('/down'), signWith: { file: at('secret') } } },
  slack: { webhook: { urlFrom: { file: at('url') }, preset: 'slack' } },
  own: {
    webhook: {
      ...{ url: other.url('/own'), method: 'PUT', headersFrom: { Authorization: { file: at('secret') } } },
      body: '{"what": {{ title | json }}}',
    },
  },
  broken: { webhook: { url: other.url('/broken') } },
  silent: { webhook: { url: other.url('/silent') } },
  refused: { webhook: { urlFrom: { file: at('refused-url') } } },
  moved: { webhook: { url: other.url('/moved') } },
  hangs: { webhook: { url: other.url('/hangs') } },
  starttls: { email: { ...mailTo('offered'), user: 'tidemark', passwordFrom: { file: at('password') } } },
  tls: { email: { ...mailTo('only'), tls: 'tls' } },
  stripped: { email: { ...mailTo('none'), user: 'tidemark', passwordFrom: { file: at('password') } } },
  stranger: { email: { ...mailTo('offered'), caFile: undefined } },
  clear: { email: { ...mailTo('none'), tls: 'none' } },
  program: { program: { argv: [at('take'), at('taken.json')], timeout: '5s' } },
  fails: { program: { argv: [at('fail')] } },
  slow: { program: { argv: [at('sleep')], timeout: '300ms' } },
});

const mailTo = (which: keyof typeof mails) => ({
  ...{ host: '127.0.0.1', port: mails[which].port, caFile: at('cert.pem') },
  ...{ from: 'tidemark@example.net', to: ['ops@example.net'] },
});

/** JSON is YAML. Put there at once, as an editor does. */
async function writeNotify(text: string): Promise<void> {
  await writeFile(at('draft'), text);
  await rename(at('draft'), at('notify.yaml'));
}

const fileOf = (names?: string[]) =>
  JSON.stringify({
    receivers: Object.entries(receiversOf())
      .filter(([name]) => !names || names.includes(name))
      .map(([name, how]) => ({ name, ...how })),
    routes: [
      {
        to: names?.includes('refused') ? ['down', 'refused', 'broken', 'silent'] : ['down'],
        groupWait: '0s',
        labels: ['told=yes'],
      },
    ],
  });

async function makeFiles(): Promise<void> {
  await writeFile(at('secret'), 'a-secret\n');
  await writeFile(at('password'), 'right\n');
  await writeFile(at('url'), other.url('/slack/T0SECRET'));
  await writeFile(at('refused-url'), other.url('/refused/T0SECRET'));
  const scripts = {
    take: '#!/bin/sh\ncat > "$1"\nenv >> "$1.env"\n',
    fail: '#!/bin/sh\necho "no line" >&2\nexit 3\n',
    sleep: '#!/bin/sh\nsleep 60\n',
  };
  for (const [name, text] of Object.entries(scripts)) await writeFile(at(name), text, { mode: 0o755 });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-notify-'));
  const certificate = await makeCertificate(folder);
  [hook, other] = await Promise.all([HttpReceiver.make(), HttpReceiver.make()]);
  mails = {
    offered: await MailReceiver.start('offered', certificate, 'tidemark'),
    only: await MailReceiver.start('only', certificate),
    none: await MailReceiver.start('none', certificate),
  };
  await other.listen();
  other.answers
    .set('/broken', 500)
    .set('/silent', 503)
    .set('/refused/T0SECRET', 404)
    .set('/moved', 302)
    .set('/hangs', 'hang');
  await makeFiles();
  await writeFile(at('all.yaml'), fileOf());
  const notifier = makeNotifier(new NotifyFile(at('all.yaml'), pino({ level: 'silent' })));
  hungSince = Date.now();
  // It takes ten seconds, which others take too.
  hanging = notifier.send(
    makeTestContent({ id: '1', receiver: 'hangs', createdAt: new Date().toISOString() }),
  );
  await writeNotify(fileOf(Object.keys(receiversOf()).filter((name) => name !== 'hangs')));
  system = await TestSystem.start({ controlOptions: ['--notify', at('notify.yaml')] });
}, 240_000);

afterAll(async () => {
  await system.stop();
  await Promise.all([hook, other, ...Object.values(mails)].map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
});

const overview = async () =>
  (await (await fetch(`${system.httpAddress}/v1/notices`)).json()) as NoticesAnswer;
const contentOf = (index: number) => JSON.parse(hook.to('/down')[index]?.body ?? '{}') as NoticeContent;

it('has every receiver tried, and says what each of them said, without its secrets', async () => {
  const result = await system.cli(['notify', 'test', '-o', 'json']);
  expect(result.exitCode).toBe(1);
  const answer = JSON.parse(result.stdout) as NotifyTestAnswer;
  const told = Object.fromEntries(answer.map(({ receiver, state, problem }) => [receiver, problem ?? state]));
  const wrote = (text: string) => expect.stringContaining(text) as string;
  expect(told).toEqual({
    down: wrote('can not be reached: connect ECONNREFUSED'),
    ...{ slack: 'sent', own: 'sent', starttls: 'sent', tls: 'sent', clear: 'sent', program: 'sent' },
    broken: wrote('answered 500: it says 500, to …'),
    silent: wrote('answered 503'),
    refused: wrote('answered 404: it says 404, to …'),
    moved: wrote('answered 302; it says that it has moved'),
    stripped: wrote('STARTTLS'),
    stranger: wrote('self-signed certificate'),
    fails: wrote('ended with 3: no line'),
    slow: wrote('300ms'),
  });
  expect(other.to('/slack/T0SECRET')).toMatchObject([
    { method: 'POST', body: wrote('a test of receiver slack') },
  ]);
  expect(other.to('/own')).toMatchObject([
    { method: 'PUT', headers: { authorization: 'a-secret' }, body: '{"what": "a test of receiver own"}' },
  ]);
  expect(mails.offered.mails).toMatchObject([
    {
      user: 'tidemark',
      isEncrypted: true,
      to: ['ops@example.net'],
      text: wrote('Subject: Tidemark: a test'),
    },
  ]);
  expect(mails.only.mails).toMatchObject([{ isEncrypted: true }]);
  expect(mails.none.mails).toMatchObject([{ isEncrypted: false }]);
  expect(mails.none.passwords).toEqual([]);
  expect(JSON.parse(await readFile(at('taken.json'), 'utf8'))).toMatchObject({
    isTest: true,
    receiver: 'program',
  });
  expect(await readFile(at('taken.json.env'), 'utf8')).not.toMatch(/^TIDEMARK_|^TEMPORAL_/m);
  const one = await system.cli(['notify', 'test', 'own']);
  expect(one).toMatchObject({ exitCode: 0, stdout: 'own has taken the test\n' });
  const nobody = await system.cli(['notify', 'test', 'nobody']);
  expect(nobody).toMatchObject({ exitCode: 3, stderr: wrote('there is no receiver nobody') });
});

/** One receiver refuses for good, of another the time is over, and of a third somebody has had enough. */
async function giveUp(): Promise<void> {
  const { waiting } = await overview();
  const id = waiting.find(({ receiver }) => receiver === 'broken')?.id;
  const client = await system.client();
  const args = [{ receiver: 'broken', id, giveUpAfterMs: 2000 }];
  const options = { workflowId: 'notice/in-a-hurry', taskQueue: CONTROL_QUEUE, args };
  await eventually('one can be cancelled', async () => {
    await client.workflow.getHandle(`notice/silent/${id}`).cancel();
    return true;
  });
  await expect(client.workflow.execute('notice', options)).rejects.toThrow();
  const givenUp = await eventually('both are given up', async () => {
    const { givenUp: all, waiting: left } = await overview();
    return left.length === 0 ? all : undefined;
  });
  const wrote = (text: string) => expect.stringContaining(text) as string;
  expect(givenUp.filter(({ title }) => title === 'wiki to beta is failing')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ receiver: 'refused', attempts: 1, problem: wrote('answered 404') }),
      expect.objectContaining({ receiver: 'silent', id, problem: 'somebody has cancelled its workflow' }),
      expect.objectContaining({ receiver: 'broken', id, problem: wrote('given up after 2.0s; at last: ') }),
    ]),
  );
  expect(other.to('/refused/T0SECRET').filter(({ body }) => !body.includes('a test'))).toHaveLength(1);
}

it('tells once what went wrong while the receiver was down and the control worker was killed, and when it is over', async () => {
  const source = join(system.folder, 'alpha', 'wiki');
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'page'), 'wiki');
  await system.apply(
    writeDocument(
      'wiki',
      {
        source: { host: 'alpha', directory: source },
        targets: [{ host: 'beta', directory: join(system.folder, 'beta', 'wiki') }],
      },
      { told: 'yes' },
    ),
  );
  await syncWell(system, 'wiki');
  await rename(source, `${source}-away`);
  expect((await system.cli(['sync', 'wiki', '--wait'])).exitCode).not.toBe(0);
  await eventually('it was tried in vain', async () => {
    const { waiting } = await overview();
    return waiting.some(({ receiver, attempts }) => receiver === 'down' && attempts > 0) ? true : undefined;
  });
  await system.kill('control');
  await rename(`${source}-away`, source);
  // It is answered once Temporal notices that its worker is gone: that takes ten seconds, which others take too.
  const mended = syncWell(system, 'wiki');
  await hook.listen();
  system.launch('control');
  await eventually('it was told', async () => (hook.to('/down').length > 0 ? true : undefined));
  expect(contentOf(0)).toMatchObject({
    ...{ title: 'wiki to beta is failing', severity: 'warning', isTest: false },
    items: [{ event: 'began', relationship: 'wiki', kind: 'failed', labels: { told: 'yes' } }],
  });
  await giveUp();
  await mended;
  await eventually('that it is over was told', async () => (hook.to('/down').length > 1 ? true : undefined));
  expect(contentOf(1)).toMatchObject({ title: 'wiki to beta is no longer failing', severity: null });
  expect((await overview()).open).toBe(0);
  for (const { headers, body } of hook.to('/down')) {
    const [, t = '', v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['tidemark-signature'])) ?? [];
    expect(v1).toBe(createHmac('sha256', 'a-secret').update(`${t}.${body}`).digest('hex'));
    expect(Math.abs(Date.now() / 1000 - Number(t))).toBeLessThan(600);
    const { id } = JSON.parse(body) as NoticeContent;
    expect(headers['idempotency-key']).toBe(`notice/down/${id}`);
  }
  expect(hook.to('/down')).toHaveLength(2);
});

it('keeps to the file before it where a new one has mistakes, and says so in log, list and metrics', async () => {
  const metrics = async () => (await fetch(`${system.httpAddress}/metrics`)).text();
  expect(await metrics()).toMatch(/^tidemark_notify_file_used 1$/m);
  expect(await metrics()).toMatch(/^tidemark_notices_sent_total\{receiver="down"\} 2$/m);
  await writeNotify('receivers: []\nroutes:\n  - to: [nobody]\n');
  const list = await system.cli(['notify', 'list']);
  expect(list.stdout).toContain('notify.yaml:1:1: receivers: must have at least 1 entry');
  expect(list.stdout).toContain('notify.yaml:3:10: routes[0].to[0]: there is no receiver "nobody"');
  expect(list.stdout).toMatch(/^down +webhook .*ago|^down +webhook/m);
  expect(await metrics()).toMatch(/^tidemark_notify_file_used 0$/m);
  const said = (await system.log('control')).filter(({ msg }) =>
    String(msg).includes('the version before it stays'),
  );
  expect(said).toMatchObject([
    { problems: expect.arrayContaining([expect.stringContaining(':3:10:')]) as string[] },
  ]);
  await writeNotify(fileOf(['down', 'own']));
  expect(await system.json<NoticesAnswer>('notify', 'list')).toMatchObject({ file: { problems: [] } });
});

it('says nothing of secrets in logs and histories', async () => {
  const client = await system.client();
  const texts = [JSON.stringify(await system.log('control'))];
  for await (const { workflowId, runId } of client.workflow.list()) {
    if (!/^notice\/|^notifyTest\//.test(workflowId)) continue;
    texts.push(JSON.stringify(await client.workflow.getHandle(workflowId, runId).fetchHistory()));
  }
  expect(texts.length).toBeGreaterThan(15);
  for (const text of texts) expect(text).not.toMatch(/T0SECRET|a-secret/);
});

it('cuts off a webhook that hangs', async () => {
  expect(await hanging).toEqual({
    problem: `127.0.0.1:${other.port} has not answered within 10 s`,
    isFinal: false,
  });
  expect(Date.now() - hungSince).toBeGreaterThan(9900);
});
