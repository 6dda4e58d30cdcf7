/** What came of an operation, in a line. Pure. */
import type {
  FailoverResult,
  RelocateResult,
  RestoreResult,
  ReverseResult,
  VerifyResult,
} from '../api/messages';
import type { EventEnd } from '../model/events';
import type { Failure } from '../model/records';
import { inOneLine } from '../model/failure';
import type { DrillOutcome } from '../model/status';
import { formatBytes, formatDuration, formatEntries } from '../model/units';

export type Came = Pick<EventEnd, 'text' | 'target' | 'point'>;

export function tellVerify({ target, pointId, equal, totalDifferences }: VerifyResult): Came {
  const text = equal
    ? `${pointId} equals what the source held then`
    : `${formatEntries(totalDifferences)} differ`;
  return { text, target, point: pointId };
}

const deletedText = (entries: number) => (entries > 0 ? `, ${formatEntries(entries)} deleted there` : '');

export function tellRestore({ target, pointId, to, path, dryRun, ...result }: RestoreResult): Came {
  const what = path === undefined ? pointId : `${path} of ${pointId}`;
  const where = `${to.host}:${to.path}`;
  const text = dryRun
    ? `asked alone what restoring ${what} to ${where} would do`
    : `${what} to ${where}: ${formatBytes(result.bytes)}${deletedText(result.deleted.entries)}`;
  return { text, target, point: pointId };
}

export function tellTakeover({
  takeover,
  epoch,
}: Pick<FailoverResult | RelocateResult, 'takeover' | 'epoch'>): Came {
  const { target, from, pointId } = takeover;
  const fenced = takeover.fenced ? '' : `; ${from} could not be told yet`;
  return {
    text: `${target} is the primary in place of ${from}, epoch ${epoch}${fenced}`,
    target,
    point: pointId,
  };
}

export function tellReverse(from: string, { diverged }: Pick<ReverseResult, 'diverged'>): Came {
  const kept = diverged ? `; what it had for itself is kept as ${diverged.id}` : '';
  return { text: `${from} is in step with the new primary${kept}`, target: from };
}

export function tellDrill({ target, pointId, rtoSeconds, failure }: DrillOutcome): Came {
  const answered =
    rtoSeconds === null
      ? 'the copy came up'
      : `a service answered after ${formatDuration(rtoSeconds * 1000)}`;
  return { text: failure ? tellFailure(failure) : answered, target, point: pointId };
}

export function tellFailure(failure: Failure): string {
  return `${failure.type}: ${inOneLine(failure)}`;
}
