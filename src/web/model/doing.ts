/** What runs, and how far it is, in words. Pure. */
import type { OperationView } from '../../api/operation-view';
import { formatProgress } from '../../model/progress-text';
import type { RelationshipSummary } from '../../model/summary';
import { formatDuration } from '../../model/units';
import { phaseText, type Tone } from './states';

/** `failing over: fence, waiting`. */
export function doingText({ phase, operation }: Pick<RelationshipSummary, 'phase' | 'operation'>): string {
  const inner = operation?.waiting ? `waits to ${operation.waiting.for}` : operation?.phase;
  return inner ? `${phaseText(phase)}: ${inner}` : phaseText(phase);
}

/** In percent; undefined where nobody can tell yet. */
export function percentOf({
  state,
  progress,
}: Pick<OperationView, 'state' | 'progress'>): number | undefined {
  if (state === 'succeeded') return 100;
  if (!progress) return undefined;
  const { percent, bytesDone, bytesTotal } = progress;
  const share = percent ?? (bytesTotal ? (100 * bytesDone) / bytesTotal : undefined);
  return share === undefined ? undefined : Math.max(0, Math.min(100, share));
}

const ENDS = {
  running: 'runs',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'was cancelled',
} as const;

/** `sync succeeded after 12s`, or how far it is. */
export function operationText(view: OperationView): string {
  const { kind, state, startedAt, endedAt, phase, waiting, progress } = view;
  if (state !== 'running') {
    const ms = endedAt === null ? undefined : Date.parse(endedAt) - Date.parse(startedAt);
    return `${kind} ${ENDS[state]}${ms === undefined ? '' : ` after ${formatDuration(Math.max(0, ms))}`}`;
  }
  if (waiting) return `${kind} waits to ${waiting.for}: ${waiting.text}`;
  if (progress) return `${kind}: ${formatProgress(progress)}`;
  return phase ? `${kind}: ${phase}` : `${kind} runs`;
}

/** What a screen reader is told of it: a change of state, phase or quarter, and not each second. */
export function announcementOf(view: OperationView): string {
  const { kind, relationship, state, phase, waiting } = view;
  if (state !== 'running') {
    const why = view.failure ? `: ${view.failure.message}` : '';
    return `${kind} of ${relationship} ${ENDS[state]}${why}`;
  }
  if (waiting) return `${kind} of ${relationship} waits to ${waiting.for}`;
  const percent = percentOf(view);
  const quarter = percent === undefined ? '' : `, ${Math.floor(percent / 25) * 25} percent`;
  return `${kind} of ${relationship} runs${phase ? `: ${phase}` : ''}${quarter}`;
}

export function toneOfOperation({ state, waiting }: Pick<OperationView, 'state' | 'waiting'>): Tone {
  if (state === 'running') return waiting ? 'wait' : 'run';
  return { succeeded: 'up', failed: 'down', cancelled: 'plain' }[state] as Tone;
}
