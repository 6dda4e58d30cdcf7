/** Compares a volume with a recovery point, wherever both are: what verify, price and reverse are made of. */
import { isMissingAgent } from '../model/failure';
import { withFilters } from '../model/movers';
import type { Comparison, Instant, Point } from '../model/records';
import type { MoverSpec } from '../model/spec';
import type { TransferId } from '../movers/contract';
import type { Capture } from '../model/capture';
import { carryComparison, closeLeg, type Side, stepAt } from './leg';
import { onControl, StepFailed } from './steps';
import type { StepOverrides } from './steps';

export interface CompareRequest {
  id: TransferId;
  /** Holds what is compared: its live volume. */
  volume: Side;
  /** Holds the recovery point. */
  holder: Side;
  /** By default the newest. */
  pointId?: string;
  mover: MoverSpec;
  /** By size and time, as a sync finds changes; otherwise by checksum. */
  quick: boolean;
  /** For somebody who waits: give up sooner. */
  overrides?: StepOverrides;
  onPoint?: (point: Point) => void;
}

/** @throws StepFailed */
export async function compare(request: CompareRequest): Promise<{ comparison: Comparison; point: Point }> {
  const { id, volume, holder, pointId, mover, quick, overrides = {} } = request;
  const { path } = volume.step.volume;
  let ends = [volume, holder].map(({ host, step }) => ({ host, volume: step.volume }));
  try {
    const offer = await stepAt(
      volume,
      'Make a key to compare with',
      (host) => host.offerVerify({ ...volume.step, id, mover, quick }),
      overrides,
    );
    const { opened, point } = await stepAt(
      holder,
      'Open a landing that only reads',
      (host) =>
        host.receiveVerify({
          ...holder.step,
          id,
          offer,
          mover,
          ...(pointId !== undefined && { pointId }),
          landingLifetimeMs: 3_600_000,
        }),
      overrides,
    );
    request.onPoint?.(point);
    // The live volume is compared: what changed there since the point was captured is told apart.
    const capture: Capture = { syncId: id.syncId, method: 'Direct', path, live: true };
    const summary = `Compare with ${point.id} ${quick ? 'by size and time' : 'by checksum'}`;
    const comparison = await carryComparison(
      { from: volume, id, summary, overrides },
      {
        capture,
        opened,
        // With what was excluded when the point was made, whatever is by now.
        mover: withFilters(mover, point.filters),
        quick,
        capturedAt: point.capturedAt,
        pointSyncId: point.syncId,
        identity: point.identity,
        holder: { volume: holder.step.volume, pointId: point.id },
      },
    );
    return { comparison, point };
  } catch (error) {
    // Nobody is there to close anything, and somebody may wait for the answer.
    if (error instanceof StepFailed && isMissingAgent(error.failure)) {
      const missing = error.failure.host;
      ends = ends.filter(({ host }) => host !== missing);
    }
    throw error;
  } finally {
    await closeLeg(id, ...ends);
  }
}

/**
 * Notes with the data, and in the catalog, that a recovery point equals its source; or with null that it is damaged.
 * @throws StepFailed
 */
export async function noteVerified(
  holder: Side,
  target: string,
  pointId: string,
  at: Instant | null,
): Promise<void> {
  const summary = at === null ? 'Note that it is damaged' : 'Note that it was verified';
  await stepAt(holder, summary, (host) => host.markVerified({ ...holder.step, pointId, at }));
  const { relationship } = holder.step.claim;
  await onControl('Record in the catalog').recordVerified({ relationship, target, pointId, at });
}
