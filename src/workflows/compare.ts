/** Compares a volume with a recovery point, wherever both are: what verify, price and reverse are made of. */
import type { StepContext } from '../activities/contract';
import { isMissingAgent } from '../model/failure';
import { withFilters } from '../model/movers';
import type { Comparison, Instant, Point } from '../model/records';
import type { MoverSpec } from '../model/spec';
import type { TransferId } from '../movers/contract';
import type { Capture } from '../model/capture';
import { closeBoth } from './close-both';
import { onControl, onHost, orStepFailed, StepFailed } from './steps';
import type { StepOverrides } from './steps';

/** One side: a host, and what it is told of the volume. */
export interface Side {
  host: string;
  step: StepContext;
}

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
  const at = (side: Side, summary: string, more: StepOverrides = {}) =>
    onHost(side.host, summary, { ...overrides, ...more });
  const { path } = volume.step.volume;
  const opened = new Set([volume.host, holder.host]);
  try {
    const offer = await orStepFailed(
      at(volume, 'Make a key to compare with').offerVerify({ id, mover, quick }),
      volume.host,
      path,
    );
    const { landing, point } = await orStepFailed(
      at(holder, 'Open a landing that only reads').receiveVerify({
        ...holder.step,
        id,
        offer,
        mover,
        ...(pointId !== undefined && { pointId }),
        landingLifetimeMs: 3_600_000,
      }),
      holder.host,
      holder.step.volume.path,
    );
    request.onPoint?.(point);
    // The live volume is compared: what changed there since the point was captured is told apart.
    const capture: Capture = { syncId: id.syncId, method: 'Direct', path, live: true };
    const how = quick ? 'by size and time' : 'by checksum';
    const comparison = await orStepFailed(
      at(volume, `Compare with ${point.id} ${how}`, {
        startToCloseTimeout: '30d',
        ...overrides,
      }).verify({
        ...volume.step,
        id,
        capture,
        landing,
        // With what was excluded when the point was made, whatever is by now.
        mover: withFilters(mover, point.filters),
        quick,
        capturedAt: point.capturedAt,
        pointSyncId: point.syncId,
        identity: point.identity,
      }),
      volume.host,
      path,
    );
    return { comparison, point };
  } catch (error) {
    // Nobody is there to close anything, and somebody may wait for the answer.
    if (error instanceof StepFailed && isMissingAgent(error.failure)) opened.delete(error.failure.host ?? '');
    throw error;
  } finally {
    await closeBoth(id, ...opened);
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
  const { host, step } = holder;
  await orStepFailed(
    onHost(host, at === null ? 'Note that it is damaged' : 'Note that it was verified').markVerified({
      ...step,
      pointId,
      at,
    }),
    host,
    step.volume.path,
  );
  const { relationship } = step.claim;
  await onControl('Record in the catalog').recordVerified({ relationship, target, pointId, at });
}
