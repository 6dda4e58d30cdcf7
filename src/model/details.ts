/** The Markdown that the Temporal UI shows as current details, so that no code need be opened. */
import { volumePath } from './endpoints';
import { assess, isRpoKept, watchedOf } from './health';
import type { RelationshipHealth, TargetHealth } from './health';
import { code, page, plain, table, time } from './markdown';
import type { Failure, Instant, SyncRecord } from './records';
import { activeDocument, directionOf, phaseOf, warningsOf } from './relationship-state';
import type { RelationshipState } from './relationship-state';
import { schedulesOf } from './schedules';
import { formatSelector } from './host-selector';
import { noTargetText } from './selections';
import type { Relationship, SourceSpec, TargetSpec } from './spec';
import { tornText } from './summary';
import { describeReason, relationshipGuide } from './static-texts';
import type { DrillOutcome, Phase, Takeover, TargetStatus } from './status';
import { formatBytes, formatDuration, formatEntries } from './units';

const PHASES: Partial<Record<Phase, string>> = {
  Applying: 'Checking its spec',
  Retrying: 'Failed, and about to try again',
  WaitingForHost: 'Waiting for a host',
  AwaitingPush: 'Waiting for a push',
  WaitingForApproval: 'Waiting for an approval',
  FailingOver: 'Failing over',
  FailedOver: 'Failed over',
  Parked: 'Waiting for help',
  Retired: 'Deleted',
};

/** A failure: what, where, the tool's own words, and what to do. */
function failureText({ type, message, host, volume, toolMessage, hint }: Failure): string {
  const where = [host && `host ${code(host)}`, volume && `volume ${code(volume)}`].filter(Boolean).join(', ');
  return [
    `**${type}**: ${plain(message)}${where && ` (${where})`}.`,
    toolMessage && `The tool said: ${code(toolMessage.trim())}.`,
    hint && `**What to do:** ${plain(hint)}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Each failure once, with all the targets that have it. */
function failureList(failures: readonly { name: string; failure: Failure | undefined }[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, failure } of failures) {
    if (!failure) continue;
    const text = failureText(failure);
    names.set(text, [...(names.get(text) ?? []), plain(name)]);
  }
  if (names.size === 0) return [];
  const lines = [...names].map(([text, targets]) => `- target ${targets.join(', ')}: ${text}`);
  return ['**What is wrong**', lines.join('\n')];
}

/** Who took over, what is known of the old primary, and how to come back. */
function takeoverText(name: string, { target, from, pointId, at, fenced, fencing }: Takeover): string {
  const what = pointId === null ? 'what lay there' : code(pointId);
  const old = fenced
    ? `The old primary, ${plain(from)}, knows that it is no longer primary${fencing ? ` (${plain(fencing)})` : ''}.`
    : `**The old primary, ${plain(from)}, could not be told**: ${plain(fencing ?? '')}. It will be as soon as its agent is back; until then, make sure that nothing there goes on.`;
  return `**${plain(target)} is the primary** since ${time(at)}, from ${what} on. Nothing is sent to ${plain(from)} until it comes back. ${old} When ${plain(from)} is there again: ${code(`tidemark reverse ${name}`)} keeps what it alone has, and replicates to it; after that, ${code(`tidemark failover ${name}`)} or ${code(`tidemark relocate ${name}`)} goes home.`;
}

/** What to do about the present state, where there is something to do. */
function advice(state: RelationshipState): string[] {
  const { name, operation, takeover } = state;
  switch (phaseOf(state)) {
    case 'Parked':
      return [
        `**The ${operation?.kind ?? 'operation'} waits:** ${plain(operation?.waiting?.text ?? '')}. When that is mended: ${code(`tidemark resume ${name}`)}; to give up: ${code(`tidemark cancel ${name}`)}.`,
      ];
    case 'FailedOver':
      return takeover ? [takeoverText(name, takeover)] : [];
    case 'WaitingForApproval':
      if (operation?.waiting)
        return [`**${plain(operation.waiting.text)}.** To approve: ${code(`tidemark approve ${name}`)}.`];
      return [
        `**Stopped by a guard:** ${plain(state.approval?.reason ?? '')}. If that is meant: ${code(`tidemark approve ${name}`)}.`,
      ];
    case 'WaitingForHost':
      if (state.document && state.targets.length === 0)
        return [`**There is no target:** ${plain(noTargetText(state.document) ?? '')}.`];
      return state.absentHosts.map(
        (host) =>
          `**No agent answers for host ${plain(host)}.** Start it there: ${code(`tidemark agent --host ${host}`)}. The sync then resumes by itself.`,
      );
    case 'AwaitingPush':
      return [
        `**Waiting for a push** to ${code(activeDocument(state)?.spec.source.peer ?? '')}: the sync goes on once somebody has pushed, and said that it is whole.`,
      ];
    case 'Paused':
      return [`**Paused.** To go on: ${code(`tidemark resume ${name}`)}.`];
    case 'Retrying':
      return [`**The last sync failed**; a new one starts automatically at ${time(state.retryAt)}.`];
    default:
      return [];
  }
}

/** What it is for, in one sentence. */
function purpose({ spec }: Relationship): string {
  const { source, targets, trigger, selecting } = spec;
  const selectedText = (target: TargetSpec) =>
    `${code(volumePath(target))} of each host whose agent is ${code(formatSelector(target.hostSelector ?? {}))}`;
  const place = (end: SourceSpec | TargetSpec) => code(`${end.host}:${volumePath(end)}`);
  const crons = schedulesOf(spec);
  const when =
    crons.length > 0
      ? `by the schedule${crons.length > 1 ? 's' : ''} ${crons.map(code).join(', ')} (${trigger.timezone})`
      : 'on request';
  const where = selecting
    ? [...targets.filter(({ hostSelector }) => !hostSelector).map(place), ...selecting.map(selectedText)]
    : targets.map(place);
  return `Keeps ${place(source)} copied to ${where.join(' and ')}, ${when}.`;
}

function targetRow(target: TargetStatus, health: TargetHealth | undefined): string[] {
  const { name, host, volume, result, recoveryPoint, capturedAt } = target;
  const status = health?.status ?? '';
  return [
    name === host ? 'target' : `target ${plain(name)}`,
    plain(host),
    status === 'warn' || status === 'down' ? `**${status}**` : status,
    time(capturedAt),
    result === 'never' ? 'never synced' : result,
    recoveryPoint ? code(recoveryPoint) : '–',
    code(volume),
  ];
}

function rpoText({ targets }: RelationshipHealth): string {
  const watched = targets.filter((target) => isRpoKept(target) !== null);
  if (watched.length === 0) return 'none promised';
  const late = watched.filter((target) => isRpoKept(target) === false);
  const rpos = [...new Set(watched.map(({ promised }) => formatDuration((promised?.seconds ?? 0) * 1000)))];
  const kept = late.length === 0 ? 'kept' : `**missed** by ${late.map(({ name }) => name).join(', ')}`;
  return `${rpos.join(' or ')}, ${kept}`;
}

function lastSyncText({ lastSync }: RelationshipState): string {
  if (!lastSync) return 'none yet';
  const { result, endedAt, durationSeconds, bytes, files } = lastSync;
  return `${result} at ${time(endedAt)}, in ${formatDuration(durationSeconds * 1000)}; ${formatBytes(bytes)} sent, ${formatEntries(files)} changed`;
}

function drillText({ result, target, endedAt, rtoSeconds }: DrillOutcome): string {
  const took = rtoSeconds === null ? '' : `, the service answered after ${formatDuration(rtoSeconds * 1000)}`;
  return `${result} at ${plain(target)}, ${time(endedAt)}${took}`;
}

function facts(state: RelationshipState, health: RelationshipHealth, nextRun?: Instant): string {
  const { operation, fetches = [], missedTicks } = state;
  const now =
    operation &&
    `${operation.kind} ${code(operation.workflowId)} since ${time(operation.startedAt)}${operation.phase ? `: ${operation.phase}` : ''}`;
  return table(
    ['', ''],
    [
      ...(now ? [['running now', now]] : []),
      ...fetches.map(({ targets, workflowId, startedAt }) => [
        'fetching from the bucket',
        `${targets.map(plain).join(', ')}, by ${code(workflowId)} since ${time(startedAt)}`,
      ]),
      ['last sync', lastSyncText(state)],
      ['next sync', time(state.paused ? undefined : (state.retryAt ?? nextRun))],
      ['recovery point objective', rpoText(health)],
      ...(state.lastDrill ? [['last drill', drillText(state.lastDrill)]] : []),
      ['epoch', `${state.epoch}, ${directionOf(state)}`],
      ['ticks skipped, because an operation ran', String(missedTicks)],
    ],
  );
}

/**
 * The current details of a relationship. `nextRun` is the next tick of its schedule. `withGuide` adds
 * what the static details say, which Temporal keeps for the first run alone.
 */
export function renderRelationshipDetails(
  state: RelationshipState,
  nowMs: number,
  nextRun?: Instant,
  withGuide = false,
): string {
  const document = activeDocument(state);
  if (!document) return page(['Waiting for its first spec: `tidemark apply`.']);
  const { source } = document.spec;
  const now = new Date(nowMs).toISOString();
  const phase = phaseOf(state);
  const health = assess(document, watchedOf(state), nowMs);
  return page([
    `### ${PHASES[phase] ?? phase}`,
    purpose(document),
    ...advice(state),
    ...(state.notice ? [`**${plain(state.notice.text)}**`] : []),
    ...state.targets.flatMap(({ givenUp }) => (givenUp === undefined ? [] : [`**${plain(givenUp)}.**`])),
    ...state.targets.flatMap(({ name, torn }) => (torn ? [`**${plain(tornText(state.name, name))}.**`] : [])),
    ...state.targets.flatMap(({ name, warning }) =>
      warning === undefined ? [] : [`**${plain(name)}**: ${plain(warning)}`],
    ),
    ...failureList(state.targets.map(({ name, lastError }) => ({ name, failure: lastError }))),
    table(
      ['role', 'host', 'status', 'captured', 'result', 'recovery point', 'volume'],
      [
        ['source', plain(source.host), '', '', '', '', code(volumePath(source))],
        ...state.targets.map((target) =>
          targetRow(
            target,
            health.targets.find(({ name }) => name === target.name),
          ),
        ),
      ],
    ),
    facts(state, health, nextRun),
    ...(warningsOf(state).length > 0
      ? [
          '**Worth knowing**',
          warningsOf(state)
            .map((warning) => `- ${plain(warning)}`)
            .join('\n'),
        ]
      : []),
    `As of ${time(now)}, and updated whenever a status changes. A target's lag is the time since **captured**.`,
    ...(withGuide ? ['### What this is', ...relationshipGuide(state.name)] : []),
  ]);
}

const RESULTS: Record<SyncRecord['result'], string> = {
  succeeded: 'Succeeded',
  partial: 'Some targets failed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/** The current details of one sync: what each target is doing, or how it ended. */
export function renderSyncDetails(
  document: Relationship,
  reason: SyncRecord['reason'],
  doing: ReadonlyMap<string, string>,
  record?: SyncRecord,
): string {
  const { source } = document.spec;
  const read = source.copyMethod === 'Direct' ? 'read as it is' : `frozen first (${source.copyMethod})`;
  return page([
    `### ${record ? RESULTS[record.result] : 'Syncing'}`,
    `From ${code(`${source.host}:${volumePath(source)}`)}, ${read}; ${describeReason(reason)}.`,
    table(
      ['target', record ? 'what became of it' : 'now'],
      doing.size > 0
        ? [...doing].map(([target, what]) => [plain(target), plain(what)])
        : [['all', record ? 'never begun' : 'looking at both sides']],
    ),
    ...failureList((record?.targets ?? []).map(({ name, failure }) => ({ name, failure }))),
  ]);
}
