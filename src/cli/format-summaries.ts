/** The table of relationships that `tidemark get` prints, and below it what waits for somebody. */
import { colors, fitPaths, formatAge, formatTable, paintState, terminalWidth } from '../client/text';
import type { Cell } from '../client/text';
import { isRpoKept } from '../model/health';
import type { RelationshipSummary, TargetSummary } from '../model/summary';
import { scheduleText, tornText } from '../model/summary';
import { formatBytes, formatDuration } from '../model/units';
import { vanishedHint, vanishedText } from '../model/vanished';
import { waitingLines } from './follow-phases';

function lagCell(target: TargetSummary): Cell {
  const { lagSeconds } = target;
  const text = lagSeconds === null ? '–' : formatDuration(lagSeconds * 1000);
  return isRpoKept(target) === false ? { text, paint: colors.red } : text;
}

const PAINTS = { up: colors.green, warn: colors.yellow, down: colors.red };

function statusCell({ status }: TargetSummary): Cell {
  return { text: status, paint: PAINTS[status] };
}

function lastSync(summary: RelationshipSummary): string {
  if (!summary.lastSync) return '–';
  const { result, files, bytes, endedAt } = summary.lastSync;
  const done = `${files} changed, ${formatBytes(bytes)} sent`;
  const age = formatAge(endedAt, Date.now(), formatDuration);
  return `${age}: ${result === 'succeeded' ? done : result}`;
}

function nextRunText(nextRun: string | null): string {
  return nextRun ? `in ${formatDuration(Math.max(0, Date.parse(nextRun) - Date.now()))}` : '–';
}

/** The phase, and of an operation that has several the one that it is in. */
function phaseCell({ phase, operation }: RelationshipSummary): Cell {
  const cell = paintState(phase);
  const inner = operation?.waiting ? null : operation?.phase;
  return inner ? { ...cell, text: `${phase}: ${inner}` } : cell;
}

/** What waits for somebody, below the table: what it is, and what to type. */
function attentionLines(summary: RelationshipSummary): string[] {
  const given = summary.targets.flatMap(({ givenUp }) =>
    givenUp === null ? [] : [`${summary.name}: ${givenUp}`],
  );
  const torn = summary.targets.flatMap((target) =>
    target.torn ? [`${summary.name}: ${tornText(summary.name, target.name)}`] : [],
  );
  const trouble = scheduleText(summary);
  return [
    ...(summary.targets.length === 0 ? [`${summary.name}: ${summary.statusReason}`] : []),
    ...switchLines(summary),
    ...(trouble === undefined ? [] : [`${summary.name}: ${trouble}`]),
    ...given,
    ...torn,
  ];
}

/** What a change of the primary waits for, or has left to do. */
function switchLines({ name, takeover, operation, vanished }: RelationshipSummary): string[] {
  if (vanished) return [`${name}: ${vanishedText(vanished)}; ${vanishedHint(name)}`];
  if (operation?.waiting)
    return waitingLines(name, {
      waiting: operation.waiting,
      ...(operation.phase && { phase: operation.phase }),
    }).map((line, index) => (index === 0 ? `${name} ${line}` : line));
  if (!takeover || operation) return [];
  return [
    `${name} has failed over from ${takeover.from} to ${takeover.target}, and ${takeover.from} is no copy yet; once it runs again: tidemark reverse ${name}`,
  ];
}

function labelCell({ labels }: RelationshipSummary, key: string): Cell {
  return Object.hasOwn(labels, key) ? (labels[key] ?? '') : '–';
}

/** Narrower than that, a line has no room for what `tidemark describe` says too. */
const WIDE = 110;

function rowOf(
  summary: RelationshipSummary,
  target: TargetSummary,
  isWide: boolean,
  labels: readonly string[],
): Cell[] {
  const isFirst = summary.targets[0] === target;
  const onFirst = (cell: Cell): Cell => (isFirst ? cell : '');
  return [
    onFirst(summary.name),
    statusCell(target),
    lagCell(target),
    onFirst(phaseCell(summary)),
    onFirst(`${summary.source.host}:${summary.source.volume}`),
    `${target.host}:${target.volume}`,
    ...(isWide ? [paintState(target.result), onFirst(lastSync(summary))] : []),
    // The same for all, unless targets have schedules of their own.
    isFirst || target.nextRun !== summary.targets[0]?.nextRun ? nextRunText(target.nextRun) : '',
    ...labels.map((key) => onFirst(labelCell(summary, key))),
  ];
}

/** A selector means nobody yet. */
function rowWithoutTarget(summary: RelationshipSummary, isWide: boolean, labels: readonly string[]): Cell[] {
  const { name, status, source, selections } = summary;
  return [
    ...[name, { text: status, paint: PAINTS[status] }, '–', phaseCell(summary)],
    `${source.host}:${source.volume}`,
    selections.map(({ selector, volume }) => `${selector}:${volume}`).join(' '),
    ...(isWide ? ['never', lastSync(summary)] : []),
    '–',
    ...labels.map((key) => labelCell(summary, key)),
  ];
}

/** One line per target; the relationship is named in the first. In a terminal, what fits into its width. */
export function formatSummaries(
  summaries: readonly RelationshipSummary[],
  width: number | undefined = terminalWidth(),
  labels: readonly string[] = [],
): string {
  if (summaries.length === 0) return 'no relationships yet: tidemark apply -f FILE makes one';
  const isWide = width === undefined || width >= WIDE;
  const rows = summaries.flatMap((summary) =>
    summary.targets.length === 0
      ? [rowWithoutTarget(summary, isWide, labels)]
      : summary.targets.map((target) => rowOf(summary, target, isWide, labels)),
  );
  const more = isWide ? ['RESULT', 'LAST SYNC'] : [];
  const head = [
    'NAME',
    'STATUS',
    'LAG',
    'PHASE',
    'SOURCE',
    'TARGET',
    ...more,
    'NEXT',
    ...labels.map((key) => key.toUpperCase()),
  ];
  const [, ...fitting] = fitPaths([head, ...rows], width ?? Infinity);
  return [formatTable(head, fitting), ...summaries.flatMap(attentionLines)].join('\n');
}
