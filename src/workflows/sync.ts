import {
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  log,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { renderSyncDetails } from '../model/details';
import { encodeRecord } from '../model/failure-wire';
import { legsOf } from '../model/hub';
import { makeSyncId } from '../model/names';
import { pinLimitsOf, pinsAfter, planPins } from '../model/pins';
import type { PinPlan } from '../model/pins';
import type { SyncRecord } from '../model/records';
import { SEARCH_ATTRIBUTES } from '../model/search-attributes';
import { withoutPoints } from '../model/record-sync';
import { syncResult } from '../model/sync-result';
import { declarationOfMover } from '../model/movers';
import { fetchFromHub } from './fetch-from-hub';
import { inControl, onHost } from './steps';
import { type Ran, runTargets } from './run-targets';
import type { SyncContext, SyncInput } from './sync-context';
import { atSource } from './sync-context';

/** What the source keeps frozen for the next syncs of all targets, and whom it keeps nothing for any more. */
function planKept(ctx: SyncContext, { targets, states = [], usesStates }: Ran): PinPlan {
  const { spec } = ctx.document;
  if (!(usesStates ?? declarationOfMover(spec.mover).base !== 'tree')) return { keep: [], givenUp: [] };
  const { syncId, bases = {}, basesCapturedAt: capturedAts = {} } = ctx;
  const confirmed = targets.filter(({ result }) => result === 'succeeded').map(({ name }) => name);
  const nowMs = Date.now();
  const pins = pinsAfter({ syncId, confirmed, bases, capturedAts, states, nowMs });
  return planPins(pins, pinLimitsOf(spec), nowMs);
}

async function release(ctx: SyncContext, keepSyncIds: string[], isCancelled: boolean): Promise<void> {
  const { source } = ctx.document.spec;
  // Whoever cancels waits for the end, perhaps because the source is gone.
  const overrides = isCancelled ? { scheduleToStartTimeout: '5s' as const } : {};
  try {
    await onHost(source.host, 'Release the frozen copy', overrides).release({
      ...atSource(ctx),
      keepSyncIds,
    });
  } catch {
    // The next sync's release finds and drops it: a capture left over is space, not data.
  }
}

/** The catalog has the lists of points: in every history after that they would only take space. */
const toTold = (record: SyncRecord): SyncRecord => ({
  ...record,
  targets: record.targets.map(withoutPoints),
});

function throwUnlessSucceeded(record: SyncRecord): void {
  if (record.result === 'succeeded') return;
  if (record.result === 'cancelled') throw new CancelledFailure('the sync was cancelled', [record]);
  throw ApplicationFailure.create(encodeRecord(record));
}

/** The source's own targets, the hub among them; then those that fetch from the hub. */
async function runLegs(ctx: SyncContext): Promise<Ran> {
  const legs = legsOf(ctx.document, ctx.targets, ctx.reason);
  const nothing: Ran = { targets: [], captured: false };
  const written =
    legs.written.length > 0 || legs.readers.length === 0 ? await runTargets(ctx, legs.written) : nothing;
  if (legs.readers.length === 0) return written;
  // Readers may take hours: nobody waits for the source meanwhile, and what a later sync freezes there is not this one's to drop.
  if (written.captured) {
    const isCancelled = syncResult(written.targets) === 'cancelled';
    await CancellationScope.nonCancellable(() => release(ctx, planKept(ctx, written).keep, isCancelled));
  }
  const fetched = await fetchFromHub(ctx, legs, written);
  const capturedAt = written.capturedAt ?? fetched.capturedAt;
  return {
    ...written,
    captured: false,
    ...(capturedAt !== undefined && { capturedAt }),
    // Those that were asked for come first: the hub may only have been written for their sake.
    targets: [...fetched.targets, ...written.targets],
  };
}

/**
 * One iteration: preflight, capture, transfer to every target, publish, prune, release, record.
 * Ends as a failed workflow, with the record in its details, unless every target succeeded.
 */
export async function sync(input: SyncInput): Promise<SyncRecord> {
  const { workflowId, runId, startTime } = workflowInfo();
  const doing = new Map<string, string>();
  const ctx: SyncContext = {
    ...input,
    name: input.document.metadata.name,
    syncId: makeSyncId(input.document.metadata.name, input.sequence),
    show: (target, what) => {
      doing.set(target, what);
      setCurrentDetails(renderSyncDetails(input.document, input.reason, doing));
    },
  };
  setCurrentDetails(renderSyncDetails(input.document, input.reason, doing));
  const ran = await runLegs(ctx);
  const { targets, failure, capturedAt, captured } = ran;
  const { keep, givenUp } = planKept(ctx, ran);
  for (const { text } of givenUp) log.warn(text, { relationship: ctx.name });
  const record: SyncRecord = {
    syncId: ctx.syncId,
    relationship: ctx.name,
    sequence: input.sequence,
    reason: input.reason,
    ...(input.actor && { actor: input.actor }),
    startedAt: startTime.toISOString(),
    ...(capturedAt && { capturedAt }),
    endedAt: new Date().toISOString(),
    result: syncResult(targets),
    targets,
    ...(givenUp.length > 0 && { givenUp }),
    ...(failure && { failure }),
    workflowId,
    runId,
  };
  // Also where nothing was frozen, since no target answered.
  const isReleaseDue = captured || givenUp.length > 0;
  await CancellationScope.nonCancellable(async () => {
    upsertSearchAttributes([
      { key: SEARCH_ATTRIBUTES.result, value: record.result },
      {
        key: SEARCH_ATTRIBUTES.bytes,
        value: targets.reduce((sum, target) => sum + (target.stats?.bytesSent ?? 0), 0),
      },
      ...(capturedAt ? [{ key: SEARCH_ATTRIBUTES.capturedAt, value: new Date(capturedAt) }] : []),
    ]);
    setCurrentDetails(renderSyncDetails(input.document, input.reason, doing, record));
    await Promise.all([
      isReleaseDue ? release(ctx, keep, record.result === 'cancelled') : Promise.resolve(),
      inControl('Record in the catalog').recordSync(record),
    ]);
  });
  const told = toTold(record);
  throwUnlessSucceeded(told);
  return told;
}
