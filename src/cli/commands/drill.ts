import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { checkCron } from '../../model/cron';
import { describeFailure } from '../../model/failure';
import type { Instant } from '../../model/records';
import type { DrillOutcome, RelationshipStatus } from '../../model/status';
import { formatDuration } from '../../model/units';
import type { DrillRequest, OperationStarted } from '../../api/messages';
import { ClientError, exitCodeOf } from '../../client/exit-codes';
import { followShown } from '../follow-shown';
import { lazy } from '../lazy';
import { addReason, finish, print } from '../output';
import type { OutputOptions } from '../output';
import { colors, formatFields, formatTime, paintState, printable } from '../../client/text';

interface DrillOptions extends OutputOptions {
  target?: string;
  point?: string;
  /** A cron expression, or `none`. */
  schedule?: string;
}

const NONE = 'none';

/** A cron expression, or `none`. */
export function parseSchedule(text: string): string {
  const mistake = text === NONE ? undefined : checkCron(text);
  if (!mistake) return text;
  const meant = mistake.suggestion === undefined ? '' : ` Did you mean "${mistake.suggestion}"?`;
  throw new InvalidArgumentError(`It ${mistake.message}.${meant}`);
}

export function register(program: Command): void {
  const command = program
    .command('drill')
    .argument('<name>', 'the relationship')
    .summary('rehearse a failover on a clone, and measure it')
    .description(
      'Rehearses a failover on a writable clone of a recovery point: hooks start the service on it and probe whether it works, ' +
        'then it is removed. No copy is touched, and replication goes on. The time until it answers is the measured recovery ' +
        'time (RTO). Exit code 1 where the service did not work. With --schedule, holds drills by itself.',
    )
    .option('--target <name>', 'the target to rehearse at; by default the one with the newest recovery point')
    .option('--point <id>', 'the recovery point; by default the newest')
    .option(
      '--schedule <cron>',
      'hold drills by this cron expression, in the time zone of the spec; `none` ends that',
      parseSchedule,
    )
    .action((name: string, options: DrillOptions) => drill(name, options));
  finish(addReason(command), [
    'tidemark drill wiki',
    'tidemark drill wiki --target beta --point 20261121T080210Z-000042',
    'tidemark drill wiki --schedule "0 4 1 * *"',
    'tidemark drill wiki --schedule none',
  ]);
}

function rtoText(rtoSeconds: number | null, hasHooks: boolean): string {
  if (rtoSeconds !== null) return `${formatDuration(rtoSeconds * 1000)}, measured`;
  return hasHooks ? 'never answered' : 'not measured: no hook starts or asks a service';
}

/** What a drill has shown. Without hooks that is only that the point can be cloned. */
export function formatDrill(
  outcome: DrillOutcome,
  { name, document }: Pick<RelationshipStatus, 'name' | 'document'>,
): string {
  const { target, pointId, result, rtoSeconds, how, startedAt, endedAt, failure } = outcome;
  const { startDrill, probeDrill } = document.spec.hooks;
  const hasHooks = startDrill.length + probeDrill.length > 0;
  const state = paintState(result);
  return [
    `drill of ${name} at ${target} ${state.paint(state.text)}`,
    formatFields(
      [
        ['Recovery point', pointId ?? '–'],
        ['Clone', how],
        ['RTO', rtoText(rtoSeconds, hasHooks)],
        ['Took', formatDuration(Date.parse(endedAt) - Date.parse(startedAt))],
      ],
      '  ',
    ),
    ...(failure ? [`${colors.red('error:')} ${printable(describeFailure(failure))}`] : []),
    ...(!hasHooks
      ? [
          'no startDrill or probeDrill hooks are configured: this shows that the point can be cloned, not that a service works on it',
        ]
      : []),
  ].join('\n');
}

async function setSchedule(name: string, schedule: string, options: DrillOptions): Promise<void> {
  const cron = schedule === NONE ? null : schedule;
  if (options.target !== undefined || options.point !== undefined) {
    throw new ClientError('WrongUse', '--schedule goes without --target and --point', {
      hint: 'scheduled drills take the newest recovery point of any target',
    });
  }
  const { nextRun } = await lazy
    .temporal()
    .Temporal.use((temporal) =>
      temporal.update<{ nextRun?: Instant }>(name, 'scheduleDrill', cron === null ? {} : { cron }),
    );
  print({ name, schedule: cron, nextRun: nextRun ?? null }, options, () =>
    cron === null
      ? `scheduled drills of ${name} are off`
      : `drills of ${name}: ${cron}; the next at ${formatTime(nextRun)}`,
  );
}

async function drill(name: string, options: DrillOptions): Promise<void> {
  if (options.schedule !== undefined) {
    await setSchedule(name, options.schedule, options);
    return;
  }
  const request: DrillRequest = {
    ...(options.target !== undefined && { target: options.target }),
    ...(options.point !== undefined && { pointId: options.point }),
  };
  await lazy.temporal().Temporal.use(async (temporal) => {
    const status = await temporal.status(name);
    const { workflowId } = await temporal.update<OperationStarted>(name, 'drill', request);
    const outcome = await followShown<DrillOutcome>(temporal, workflowId);
    print(outcome, options, () => formatDrill(outcome, status));
    process.exitCode = outcome.result === 'succeeded' ? 0 : exitCodeOf(outcome.failure?.type ?? 'Unknown');
  });
}
