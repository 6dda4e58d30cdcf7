/** What came of an operation, in one line. Pure. */
import type { DrillOutcome, Takeover } from '../model/status';
import type { RestoreResult, VerifyResult } from '../api/messages';
import { formatEntries } from '../model/units';
import type { Outcome } from './operation';

/** What operations answer, as far as it is told. */
type Answer = Partial<Pick<VerifyResult, 'equal' | 'totalDifferences' | 'pointId'>> &
  Partial<Pick<DrillOutcome, 'result' | 'failure' | 'rtoSeconds'>> &
  Partial<Pick<RestoreResult, 'to' | 'files'>> & { takeover?: Takeover };

/** @param answer of an operation whose workflow has ended well */
export function describeOutcome(answer: unknown): Outcome {
  const {
    equal,
    totalDifferences = 0,
    pointId,
    result,
    failure,
    rtoSeconds,
    to,
    files,
    takeover,
  } = (answer ?? {}) as Answer;
  if (equal === false)
    return {
      phase: 'Failed',
      message: `not equal: ${totalDifferences} differences of ${pointId ?? 'the point'}`,
    };
  if (equal === true)
    return { phase: 'Succeeded', message: `${pointId ?? 'the point'} is equal to its source` };
  if (result === 'cancelled') return { phase: 'Cancelled', message: 'it was cancelled' };
  if (result !== undefined && result !== 'succeeded')
    return { phase: 'Failed', message: failure?.message ?? `it ended as ${result}` };
  if (takeover) return { phase: 'Succeeded', message: `${takeover.target} took over from ${takeover.from}` };
  if (to)
    return { phase: 'Succeeded', message: `${formatEntries(files ?? 0)} restored to ${to.host}:${to.path}` };
  const answered =
    rtoSeconds === undefined || rtoSeconds === null ? 'done' : `a service answered after ${rtoSeconds} s`;
  return { phase: 'Succeeded', message: answered };
}
