import type { Command } from 'commander';
import type { SyncAnswer } from '../../api/messages';
import type { SyncRecord } from '../../model/records';
import { ClientError, tellError } from '../../client/exit-codes';
import type { Temporal } from '../../client/temporal-client';
import { inTurns } from '../../model/in-turns';
import { addChoiceOfNames, chooseNames, type NamesOptions } from '../choose-names';
import { lazy } from '../lazy';
import { addReason, finish, note, print } from '../output';
import type { OutputOptions } from '../output';
import { parseList } from '../parse';
import { followSync } from '../follow-sync';
import { formatRecord } from '../../client/format-record';

interface SyncOptions extends OutputOptions, NamesOptions {
  wait?: boolean;
  targets?: string[];
}

/** Syncs of many relationships are started so many at once. */
const AT_ONCE = 8;

export function register(program: Command): void {
  const command = addChoiceOfNames(program.command('sync'))
    .summary('sync now')
    .description(
      'Starts a sync now, of one or more relationships. With --wait, shows progress and results, and fails where one failed.',
    )
    .option('--wait', 'wait for the end, with progress')
    .option('--targets <names>', 'only targets of these names or classes, separated by commas', parseList)
    .action(async (names: string[], options: SyncOptions) => {
      const all = await chooseNames('sync', names, options);
      const [first = ''] = all;
      await (all.length === 1 ? syncOne(first, options) : syncMany(all, options));
    });
  finish(addReason(command), [
    'tidemark sync wiki',
    'tidemark sync wiki --wait',
    'tidemark sync wiki --wait --targets drpnodes',
    'tidemark sync -l tier=gold',
  ]);
}

type Started = SyncAnswer & { workflowId: string };

/** @throws ClientError where it was not started */
async function start(temporal: Temporal, name: string, { targets }: SyncOptions): Promise<Started> {
  const answer = await temporal.update<SyncAnswer>(name, 'sync', targets ? { targets } : {});
  const { workflowId, skipped } = answer;
  if (skipped === undefined && workflowId !== undefined) return { ...answer, workflowId };
  throw new ClientError('RefusedByState', `not started: ${skipped ?? 'no reason was given'}`);
}

const startedLine = (name: string, { syncId }: SyncAnswer) =>
  `sync ${syncId ?? ''} started; see it end: tidemark get ${name} --watch`;

async function syncOne(name: string, options: SyncOptions): Promise<void> {
  await lazy.temporal().Temporal.use(async (temporal) => {
    const answer = await start(temporal, name, options);
    if (!options.wait) {
      print(answer, options, () => startedLine(name, answer));
      return;
    }
    const record = await followSync(temporal, answer.workflowId);
    print<SyncRecord>(record, options, formatRecord);
    process.exitCode = record.result === 'succeeded' ? 0 : 1;
  });
}

/** One that can't be started, or fails, keeps no other from it. */
async function syncMany(names: readonly string[], options: SyncOptions): Promise<void> {
  await lazy.temporal().Temporal.use(async (temporal) => {
    const all = await inTurns(names, AT_ONCE, async (name) => {
      try {
        return { name, answer: await start(temporal, name, options) };
      } catch (error) {
        return { name, refused: tellError(error) };
      }
    });
    const refused = all.flatMap((each) => (each.refused ? [{ name: each.name, ...each.refused }] : []));
    const started = all.flatMap((each) => (each.answer ? [{ name: each.name, answer: each.answer }] : []));
    if (options.wait) {
      const records: SyncRecord[] = [];
      for (const { answer } of started) records.push(await followSync(temporal, answer.workflowId));
      print(records, options, (every) => every.map(formatRecord).join('\n\n'));
      if (records.some(({ result }) => result !== 'succeeded')) process.exitCode = 1;
    } else {
      const answers = started.map(({ name, answer }) => ({ relationship: name, ...answer }));
      print(answers, options, (every) =>
        every.map((each) => startedLine(each.relationship, each)).join('\n'),
      );
    }
    for (const { name, message } of refused) note(`warning: ${name}: ${message}`);
    if (refused[0]) process.exitCode = refused[0].exitCode;
  });
}
