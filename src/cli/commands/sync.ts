import type { Command } from 'commander';
import type { SyncAnswer } from '../../api/messages';
import type { SyncRecord } from '../../model/records';
import { ClientError } from '../../client/exit-codes';
import { lazy } from '../lazy';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { parseList } from '../parse';
import { followSync } from '../follow-sync';
import { formatRecord } from '../../client/format-record';

interface SyncOptions extends OutputOptions {
  wait?: boolean;
  targets?: string[];
}

export function register(program: Command): void {
  const command = program
    .command('sync')
    .argument('<name>', 'the relationship')
    .summary('sync now')
    .description(
      'Starts a sync now. With --wait, shows its progress and its result, and fails where it failed.',
    )
    .option('--wait', 'wait for the end, with progress')
    .option('--targets <names>', 'only targets of these names or classes, separated by commas', parseList)
    .action((name: string, options: SyncOptions) => sync(name, options));
  finish(command, [
    'tidemark sync wiki',
    'tidemark sync wiki --wait',
    'tidemark sync wiki --wait --targets drpnodes',
  ]);
}

async function sync(name: string, options: SyncOptions): Promise<void> {
  await lazy.temporal().Temporal.use(async (temporal) => {
    const request = options.targets ? { targets: options.targets } : {};
    const answer = await temporal.update<SyncAnswer>(name, 'sync', request);
    if (answer.skipped !== undefined || answer.workflowId === undefined) {
      throw new ClientError('RefusedByState', `not started: ${answer.skipped ?? 'no reason was given'}`);
    }
    if (!options.wait) {
      print(
        answer,
        options,
        () => `sync ${answer.syncId ?? ''} started; see it end: tidemark get ${name} --watch`,
      );
      return;
    }
    const record = await followSync(temporal, answer.workflowId);
    print<SyncRecord>(record, options, formatRecord);
    process.exitCode = record.result === 'succeeded' ? 0 : 1;
  });
}
