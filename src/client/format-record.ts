/** How a sync fared, as text, and where its record is found after it failed. */
import { describeFailure } from '../model/failure';
import { decodeRecord } from '../model/failure-wire';
import type { SyncRecord, TargetOutcome } from '../model/records';
import { formatDuration } from '../model/units';
import { type Cell, colors, formatLeftOut, formatSent, formatTable, paintState, printable } from './text';

interface AnyFailure {
  details?: unknown;
  cause?: unknown;
}

/** The record of a sync that did not succeed: in the details of a failure, or of what caused it. */
export function recordIn(error: unknown): SyncRecord | undefined {
  for (let each = error as AnyFailure | undefined; each; each = each.cause as AnyFailure | undefined) {
    const record = decodeRecord(each);
    if (record) return record;
  }
  return undefined;
}

function targetRow({ name, result, how, stats, reachedBytes, point, attempts }: TargetOutcome): Cell[] {
  return [
    name,
    paintState(result),
    how ?? '–',
    stats ? String(stats.filesChanged) : '–',
    formatSent(stats?.bytesSent, reachedBytes),
    stats ? formatDuration(stats.durationMs) : '–',
    String(attempts),
    point?.id ?? '–',
  ];
}

export function formatRecord(record: SyncRecord): string {
  const took = formatDuration(Date.parse(record.endedAt) - Date.parse(record.startedAt));
  const failures = [record.failure, ...record.targets.map((target) => target.failure)].filter(
    (each) => each !== undefined,
  );
  const told = [...new Set(failures.map(describeFailure))].map(
    (text) => `${colors.red('error:')} ${printable(text)}`,
  );
  for (const { name, warning } of record.targets)
    if (warning !== undefined) told.push(`${colors.yellow('warning:')} ${name}: ${printable(warning)}`);
  const state = paintState(record.result);
  return [
    `sync ${record.syncId} ${state.paint(state.text)} in ${took}`,
    formatTable(
      ['TARGET', 'RESULT', 'HOW', 'CHANGED', 'SENT', 'TRANSFER', 'ATTEMPTS', 'RECOVERY POINT'],
      record.targets.map(targetRow),
    ),
    ...record.targets.flatMap(({ name, leftOut = [] }) => formatLeftOut(`left out at ${name}`, leftOut)),
    ...told,
  ].join('\n');
}
