import { Argument, type Command } from 'commander';
import { readFile } from 'node:fs/promises';
import type { NotifyTestAnswer, NotifyTestInput } from '../../api/messages';
import type { NoticesAnswer, NoticeSeen } from '../../api/notices-answer';
import { ClientError } from '../../client/exit-codes';
import { getJson } from '../../client/http';
import { formatAge, formatTable, printable } from '../../client/text';
import { formatCount, formatDuration } from '../../model/units';
import { lazy } from '../lazy';
import { finish, note, print } from '../output';
import type { OutputOptions } from '../output';

const ACTIONS = ['list', 'test', 'check'] as const;

export function register(program: Command): void {
  const command = program
    .command('notify')
    .summary('who is told when something is wrong, and how it goes')
    .description(
      'Who is told when something is wrong: the control worker reads that from the file that it was started with, by --notify. ' +
        '`list` shows each receiver with its last success, what is wrong now, and which messages wait for delivery or were given up, and why. ' +
        '`test` has the control worker send a test to one receiver, or to all, once, by the way that all messages take, and waits for what comes of it: ' +
        'exit code 1 where one was not told. `check` reads a file as the control worker does, and shows every mistake in it.',
    )
    .addArgument(new Argument('[action]', 'what to do').choices(ACTIONS).default('list'))
    .argument('[what]', 'of `test`, a receiver (default: all); of `check`, the file')
    .action((action: (typeof ACTIONS)[number], what: string | undefined, options: OutputOptions) =>
      act(action, what, options),
    );
  finish(command, [
    'tidemark notify list',
    'tidemark notify test ops-chat',
    'tidemark notify check notify.yaml',
  ]);
}

/** @throws ClientError `WrongUse` */
async function act(action: (typeof ACTIONS)[number], what: string | undefined, options: OutputOptions) {
  if (action === 'test') return await sendTest(what, options);
  if (action === 'check' && what === undefined)
    throw new ClientError('WrongUse', 'which file is to be checked: tidemark notify check FILE');
  if (action === 'check') return await checkFile(what ?? '', options);
  if (what !== undefined) throw new ClientError('WrongUse', '`list` takes nothing more');
  return await showAll(options);
}

const age = (at: string | null) => formatAge(at, Date.now(), formatDuration);

async function showAll(options: OutputOptions): Promise<void> {
  const answer = await getJson<Omit<NoticesAnswer, 'file'> & Partial<Pick<NoticesAnswer, 'file'>>>(
    '/v1/notices',
  );
  print(answer, options, (all) => (all.file ? formatAll({ ...all, file: all.file }) : NOBODY));
}

const NOBODY = 'nobody is told of anything: the control worker was started without --notify FILE';

function formatAll(answer: NoticesAnswer): string {
  const { file, receivers, open, conditions, waiting, givenUp } = answer;
  const trouble =
    file.problems.length === 0
      ? []
      : [
          `the file can not be used as it is; in use is the version before it, or none:`,
          ...file.problems.map((each) => `  ${each}`),
        ];
  const rows = receivers.map(({ name, how, sent, failed, givenUp: lost, waiting: left, lastSentAt }) => [
    ...[name, how ?? 'not in the file', age(lastSentAt)],
    ...[sent, left, lost, failed].map(String),
  ]);
  const more =
    open > conditions.length ? [`and ${open - conditions.length} more: tidemark get --sort status`] : [];
  const wrong = conditions.map(({ relationship, target, kind, since, told, text }) => [
    ...[relationship, target ?? '–', kind, age(since), told.join(', ') || 'nobody yet', printable(text)],
  ]);
  return [
    ...trouble,
    formatTable(['RECEIVER', 'BY', 'LAST SUCCESS', 'SENT', 'WAITING', 'GIVEN UP', 'FAILED ATTEMPTS'], rows),
    '',
    ...(wrong.length === 0
      ? ['nothing is wrong']
      : [formatTable(['RELATIONSHIP', 'TARGET', 'IS', 'SINCE', 'TOLD', 'WHY'], wrong), ...more]),
    ...formatNotices('waits for delivery', 'wait for delivery', waiting),
    ...formatNotices('was given up', 'were given up', givenUp),
  ].join('\n');
}

function formatNotices(one: string, many: string, notices: readonly NoticeSeen[]): string[] {
  if (notices.length === 0) return [];
  const rows = notices.map(({ receiver, createdAt, attempts, title, problem }) => [
    ...[receiver, age(createdAt), String(attempts), title, printable(problem ?? 'not tried yet')],
  ]);
  const head = `${formatCount(notices.length, 'message')} ${notices.length === 1 ? one : many}:`;
  return ['', head, formatTable(['RECEIVER', 'SINCE', 'FAILED ATTEMPTS', 'WHAT', 'WHY'], rows)];
}

/** @throws ClientError where somebody was not told */
async function sendTest(receiver: string | undefined, options: OutputOptions): Promise<void> {
  const input: NotifyTestInput = { receiver: receiver ?? null };
  const answer = await lazy.temporal().Temporal.use((temporal) => {
    const summary = 'Tries whether messages arrive';
    return temporal.runApart<NotifyTestInput, NotifyTestAnswer>(
      'notifyTest',
      receiver ?? 'all',
      input,
      summary,
    );
  });
  print(answer, options, (all) =>
    all
      .map(({ receiver: name, state, problem }) =>
        state === 'sent'
          ? `${name} has taken the test`
          : `${name} was not told: ${printable(problem ?? 'nobody knows why')}`,
      )
      .join('\n'),
  );
  const failed = answer.filter(({ state }) => state !== 'sent');
  if (failed.length > 0) process.exitCode = 1;
}

/** @throws ClientError `InvalidSpec` with every mistake */
async function checkFile(file: string, options: OutputOptions): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new ClientError('WrongUse', `${file} can not be read: ${error.message}`);
  });
  const { checkNotifyFile } = lazy.checkNotify();
  const { problems, warnings, receivers, routes } = checkNotifyFile(text, file);
  for (const warning of warnings) note(`warning: ${warning}`);
  if (problems.length > 0)
    throw new ClientError('InvalidSpec', `${file} has ${formatCount(problems.length, 'mistake')}`, {
      problems,
    });
  print(
    { receivers, routes },
    options,
    () => `${file} is right: ${formatCount(receivers, 'receiver')}, ${formatCount(routes, 'route')}`,
  );
}
