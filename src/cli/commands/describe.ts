import type { Command } from 'commander';
import type { EventEntry, PointEntry } from '../../catalog/contract';
import { describeFailure } from '../../model/failure';
import { targetName } from '../../model/endpoints';
import { schedulesOf } from '../../model/schedules';
import type { RelationshipSpec } from '../../model/spec';
import type { Operation, RelationshipStatus } from '../../model/status';
import { scheduleText, summarize, tornText } from '../../model/summary';
import type { RelationshipSummary } from '../../model/summary';
import { formatDuration } from '../../model/units';
import { makeRelationshipId } from '../../model/names';
import { findUiUrl } from '../../client/connection';
import { waitingLines } from '../follow-phases';
import { relationshipPath } from '../../api/paths';
import { getJson } from '../../client/http';
import { workflowPage } from '../../client/workflow-page';
import { lazy } from '../lazy';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { comeBackLines, formatTakeover } from '../takeover';
import { colors, formatFields, formatLeftOut, formatTime, paintState, printable } from '../../client/text';
import { formatHistory, plainEvent, readEvents } from './history';
import { formatPoints } from './points';

interface Description extends Omit<RelationshipSummary, 'status'> {
  /** Up, warn or down: what `tidemark get` calls its status. */
  health: RelationshipSummary['status'];
  status: RelationshipStatus;
  points: PointEntry[];
  /** The newest. */
  history: EventEntry[];
  /** Page of the relationship in the Temporal UI. */
  ui: string | null;
  /** Why points and history are not there. */
  catalogError: string | null;
}

export function register(program: Command): void {
  const command = program
    .command('describe')
    .argument('<name>', 'the relationship')
    .summary('everything about one relationship')
    .description(
      'Shows everything about one relationship: its spec, targets, errors, recovery points and last syncs.',
    )
    .action((name: string, options: OutputOptions) => describe(name, options));
  finish(command, ['tidemark describe wiki', 'tidemark describe wiki -o yaml']);
}

async function askCatalog(name: string): Promise<Pick<Description, 'points' | 'history' | 'catalogError'>> {
  try {
    const [points, history] = await Promise.all([
      getJson<PointEntry[]>(relationshipPath(name, '/points')),
      readEvents(name, { limit: 8 }),
    ]);
    return { points, history, catalogError: null };
  } catch (error) {
    return { points: [], history: [], catalogError: error instanceof Error ? error.message : String(error) };
  }
}

function pageOf(name: string, namespace: string): string | null {
  const ui = findUiUrl(process.env);
  return ui ? workflowPage(ui, namespace, makeRelationshipId(name)) : null;
}

function operationText({ kind, startedAt, reason, phase }: Operation): string {
  const what = `${kind} since ${formatTime(startedAt)} (${reason})`;
  return phase === undefined ? what : `${what}: ${phase}`;
}

/** Those that fetch from the hub do so beside anything else. */
function runningText({ operation, fetches = [] }: RelationshipStatus): string | undefined {
  const fetching = fetches.map(
    ({ targets, startedAt }) => `${targets.join(', ')} fetching since ${formatTime(startedAt)}`,
  );
  return [...(operation ? [operationText(operation)] : []), ...fetching].join('; ') || undefined;
}

function drillsText({ drill, drillSchedule, document }: RelationshipStatus): string | undefined {
  const running = drill && `one runs since ${formatTime(drill.startedAt)}`;
  const planned = drillSchedule && `${drillSchedule} ${document.spec.trigger.timezone}`;
  return [planned, running].filter(Boolean).join('; ') || undefined;
}

function lastDrillText({ lastDrill }: Pick<RelationshipSummary, 'lastDrill'>): string | undefined {
  if (!lastDrill) return undefined;
  const { result, target, ageSeconds, rtoSeconds } = lastDrill;
  const rto = rtoSeconds === null ? '' : `, RTO ${formatDuration(rtoSeconds * 1000)}`;
  return `${result} at ${target}, ${formatDuration(ageSeconds * 1000)} ago${rto}`;
}

/** What somebody has to do, or has to know before anything else. */
function formatAttention({ status }: Description): string[] {
  const { name, operation, takeover, notice, lastDrill } = status;
  return [
    ...(operation?.waiting ? [waitingLines(name, operation).join('\n')] : []),
    ...(takeover && !operation
      ? [[colors.bold('Failed over'), formatTakeover(takeover), ...comeBackLines(name, takeover)].join('\n')]
      : []),
    ...(notice !== undefined ? [`${colors.yellow('Notice')}: ${printable(notice)}`] : []),
    ...(lastDrill?.failure
      ? [`${colors.red('The last drill')}: ${printable(describeFailure(lastDrill.failure))}`]
      : []),
  ];
}

function triggerText(spec: RelationshipSpec): string {
  const { schedule, timezone } = spec.trigger;
  if (schedule) return `${schedule} ${timezone}`;
  return schedulesOf(spec).length > 0 ? 'of each target' : 'only on request';
}

function formatHead({ status, ...summary }: Description): string {
  const { spec } = status.document;
  return formatFields([
    ['Name', summary.name],
    ['Status', `${summary.health}: ${summary.statusReason}`],
    ['Phase', paintState(summary.phase)],
    ['Paused', summary.paused ? 'yes' : 'no'],
    ['Direction', `${summary.direction}, epoch ${summary.epoch}`],
    ['Source', `${summary.source.host}:${summary.source.volume} (${spec.source.copyMethod})`],
    ...summary.selections.map(({ selector, volume, hosts }): [string, string] => [
      'Selects',
      `${selector}: ${volume} on ${hosts.join(', ') || 'no host yet'}`,
    ]),
    ['Schedule', triggerText(spec)],
    ['Next run', formatTime(summary.nextRun)],
    [
      'Retry at',
      status.retryAt && `${formatTime(status.retryAt)}, after ${status.consecutiveFailures} failed in a row`,
    ],
    ['RPO', spec.objectives.rpo && `${spec.objectives.rpo}, ${summary.rpoMet ? 'met' : 'NOT met'}`],
    ['Running', runningText(status)],
    ['Drills', drillsText(status)],
    ['Last drill', lastDrillText(summary)],
    ['Missed ticks', String(status.missedTicks)],
    ['Temporal UI', summary.ui ?? undefined],
  ]);
}

function formatTargets({ targets, status }: Description): string {
  const own = (name: string) => status.document.spec.targets.find((each) => targetName(each) === name);
  return targets
    .map((target) => {
      const fields = formatFields(
        [
          ['Volume', `${target.host}:${target.volume} (${target.class})`],
          ['Status', `${target.status}: ${target.statusReason}`],
          ['Schedule', own(target.name)?.schedule],
          ['Next run', own(target.name)?.schedule && formatTime(target.nextRun)],
          ['Result', paintState(target.result)],
          ['Lag', target.lagSeconds === null ? 'never synced' : formatDuration(target.lagSeconds * 1000)],
          ['Recovery point', target.recoveryPoint ?? '–'],
          [
            'NOT WHOLE',
            target.torn ? { text: tornText(status.name, target.name), paint: colors.red } : undefined,
          ],
          ['Given up', target.givenUp ? { text: target.givenUp, paint: colors.red } : undefined],
        ],
        '  ',
      );
      const warning = status.targets.find(({ name }) => name === target.name)?.warning;
      const warned = warning === undefined ? '' : `\n  ${colors.yellow('Warning')}: ${printable(warning)}`;
      const error = target.lastError
        ? `\n  ${colors.red('Error')}\n    ${printable(target.lastError).replaceAll('\n', '\n    ')}`
        : '';
      const leftOut = formatLeftOut('Left out', target.leftOut, '  ').map((line) => `\n${line}`);
      return `${colors.bold(`Target ${target.name}`)}\n${fields}${leftOut.join('')}${warned}${error}`;
    })
    .join('\n\n');
}

function formatDescription(description: Description): string {
  const { status, points, history, catalogError } = description;
  const trouble = scheduleText(description);
  const section = (title: string, text: string) => `${colors.bold(title)}\n${text}`;
  return [
    formatHead(description),
    ...formatAttention(description),
    ...(status.approval
      ? [
          `${colors.red('Stopped by a guard')}: ${printable(status.approval.reason)}\n  If that is meant: tidemark approve ${status.name}`,
        ]
      : []),
    ...(trouble === undefined ? [] : [`${colors.yellow('Warning')}: ${trouble}`]),
    ...status.warnings.map((warning) => `${colors.yellow('Warning')}: ${printable(warning)}`),
    formatTargets(description),
    ...(catalogError
      ? [`${colors.yellow('Recovery points and history are not known now')}: ${printable(catalogError)}`]
      : [section('Recovery points', formatPoints(points, true)), section('History', formatHistory(history))]),
  ].join('\n\n');
}

async function describe(name: string, options: OutputOptions): Promise<void> {
  const description = await lazy.temporal().Temporal.use(async (temporal): Promise<Description> => {
    const [status, schedule, catalog] = await Promise.all([
      temporal.status(name),
      temporal.schedule(name),
      askCatalog(name),
    ]);
    const { status: health, ...summary } = summarize(status, Date.now(), schedule);
    return {
      ...summary,
      health,
      status,
      ...catalog,
      ui: pageOf(name, temporal.namespace),
    };
  });
  print(description, options, formatDescription, (all) => ({
    ...all,
    history: all.history.map(plainEvent),
  }));
}
