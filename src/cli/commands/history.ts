import type { Command } from 'commander';
import type { SyncEntry, TargetEntry } from '../../catalog/contract';
import { formatDuration } from '../../model/units';
import { getJson, relationshipPath } from '../../client/http';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { parseCount } from '../parse';
import { formatSent, formatTable, formatTime, paintState } from '../../client/text';
import type { Cell } from '../../client/text';

interface HistoryOptions extends OutputOptions {
  limit: number;
}

export function register(program: Command): void {
  const command = program
    .command('history')
    .argument('<name>', 'the relationship')
    .summary('every sync: when, what, and why it failed')
    .description('Lists the syncs of a relationship, newest first; also of one that was deleted.')
    .option('-n, --limit <count>', 'at most so many', parseCount, 20)
    .action((name: string, options: HistoryOptions) => history(name, options));
  finish(command, ['tidemark history wiki', 'tidemark history wiki -n 5 -o json']);
}

function targetCells(target: TargetEntry | undefined): Cell[] {
  if (!target) return ['–', '', '', '', '', ''];
  const why = target.errorType ? `${target.errorType}: ${(target.error ?? '').split('\n')[0]}` : '';
  return [
    target.name,
    paintState(target.result),
    formatSent(target.bytesSent, target.reachedBytes),
    target.filesChanged === null ? '–' : String(target.filesChanged),
    String(target.attempts),
    why,
  ];
}

/** One line per target of each sync. */
export function formatHistory(entries: readonly SyncEntry[]): string {
  if (entries.length === 0) return 'no sync yet';
  const rows = entries.flatMap((entry) => {
    const targets = entry.targets.length > 0 ? entry.targets : [undefined];
    return targets.map((target, index): Cell[] => {
      const cells = targetCells(target);
      if (!target) cells[5] = `${entry.errorType ?? entry.result}: ${entry.error ?? ''}`;
      const mine = index === 0;
      return [
        mine ? entry.syncId : '',
        mine ? formatTime(entry.startedAt) : '',
        mine ? formatDuration(Date.parse(entry.endedAt) - Date.parse(entry.startedAt)) : '',
        mine ? entry.reason : '',
        ...cells,
      ];
    });
  });
  return formatTable(
    ['SYNC', 'STARTED', 'TOOK', 'WHY', 'TARGET', 'RESULT', 'SENT', 'CHANGED', 'ATTEMPTS', 'ERROR'],
    rows,
  );
}

async function history(name: string, options: HistoryOptions): Promise<void> {
  const entries = await getJson<SyncEntry[]>(relationshipPath(name, '/history'), { limit: options.limit });
  print(entries, options, formatHistory);
}
