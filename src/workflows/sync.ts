import {
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { SourcePrepared } from '../activities/contract';
import type { Capture } from '../model/capture';
import { renderSyncDetails } from '../model/details';
import { isAtSource, moverTo, placeOf, targetName, volumePath } from '../model/endpoints';
import { encodeRecord } from '../model/failure-wire';
import { makeSyncId } from '../model/names';
import { pinLimitsOf, pinsAfter, planPins } from '../model/pins';
import type { PinPlan } from '../model/pins';
import type { Failure, HeldState, Instant, SyncRecord, TargetOutcome } from '../model/records';
import { SEARCH_ATTRIBUTES } from '../model/search-attributes';
import type { TargetSpec } from '../model/spec';
import { syncResult } from '../model/sync-result';
import { declarationOfMover } from '../model/movers';
import { targetFailedSignal } from '../api/messages';
import { inControl, onHost, toFailure } from './steps';
import { checkTarget } from './check-target';
import { explainShortage, makeRoom } from './make-room';
import { isReleasedByTransfer, syncTarget } from './sync-target';
import type { SyncContext, Prepared, SyncInput } from './sync-context';
import { atTarget, atSource } from './sync-context';

async function prepareTarget(
  ctx: SyncContext,
  target: TargetSpec,
  approved = ctx.approved,
): Promise<Prepared> {
  try {
    const prepared = await onHost(
      target.host,
      `Look at target ${targetName(target)}: what it holds, what is free`,
    ).prepareTarget({
      ...atTarget(ctx, target),
      target,
      mover: moverTo(ctx.document, target),
      copyOf: placeOf(ctx.document.spec.source),
      approved,
    });
    return { target, prepared };
  } catch (error) {
    return { target, failure: toFailure(error, target.host, volumePath(target)) };
  }
}

/**
 * A copy that another tool has made so far, proved to be one by a state that the source holds too: it is gone on
 * with, not sent again.
 */
async function adoptCopy(ctx: SyncContext, source: SourcePrepared, looked: Prepared): Promise<Prepared> {
  if (!('prepared' in looked) || !looked.prepared.foreign) return looked;
  const held = new Set(source.states?.map(({ identity }) => identity));
  if (!looked.prepared.states?.some(({ identity }) => held.has(identity))) return looked;
  const adopted = await prepareTarget(ctx, looked.target, true);
  return 'prepared' in adopted ? { ...adopted, prepared: { ...adopted.prepared, foreign: false } } : adopted;
}

async function prepareSource(ctx: SyncContext, targets: TargetSpec[]): Promise<SourcePrepared | Failure> {
  const { source, mover, hooks } = ctx.document.spec;
  try {
    return await onHost(source.host, `Look at source ${source.host}:${volumePath(source)}`).prepareSource({
      ...atSource(ctx),
      source,
      mover,
      hooks,
      targets: targets.map((target) => ({
        name: targetName(target),
        host: target.host,
        ...(isAtSource(target) && { mover: moverTo(ctx.document, target) }),
      })),
      approved: ctx.approved,
    });
  } catch (error) {
    return toFailure(error, source.host, volumePath(source));
  }
}

async function takeCapture(ctx: SyncContext, prepared: SourcePrepared): Promise<Capture | Failure> {
  if (prepared.capture) return prepared.capture;
  if (!prepared.captureNeeded) return prepared.liveCapture;
  const { source, hooks, mover } = ctx.document.spec;
  try {
    const capture = onHost(source.host, `Freeze ${volumePath(source)} (${source.copyMethod})`).capture;
    return await capture({ ...atSource(ctx), source, mover, hooks });
  } catch (error) {
    return toFailure(error, source.host, volumePath(source));
  }
}

function failedOutcome(target: TargetSpec, failure: Failure): TargetOutcome {
  return {
    name: targetName(target),
    host: target.host,
    result: failure.type === 'Cancelled' ? 'cancelled' : 'failed',
    attempts: 0,
    failure,
  };
}

/** Where a target is full, what retention no longer keeps goes first; where that does not help, says what is lacking. */
async function checkWithRoom(ctx: SyncContext, source: SourcePrepared, looked: Prepared): Promise<Prepared> {
  const check = (found: Prepared) => ('failure' in found ? found : checkTarget(ctx, source, found));
  const isFull = (found: Prepared) => 'failure' in found && found.failure.type === 'TargetFull';
  let [found, checked] = [looked, check(looked)];
  if (isFull(checked) && (await makeRoom(ctx, looked.target))) {
    found = await prepareTarget(ctx, looked.target);
    checked = check(found);
  }
  if (!('failure' in checked) || 'failure' in found) return checked;
  const failure = await explainShortage(ctx, { ...found, source }, checked.failure, true);
  return { target: checked.target, failure };
}

/** Preflight, capture, then every target with its own fate. */
async function runTargets(ctx: SyncContext): Promise<{
  targets: TargetOutcome[];
  failure?: Failure;
  capturedAt?: Instant;
  captured: boolean;
  /** What was frozen is the next sync's base. Not known where nothing was. */
  usesStates?: boolean;
  /** What the source held before. */
  states?: HeldState[];
}> {
  const { spec } = ctx.document;
  const wanted = spec.targets.filter((target) => ctx.targets.includes(targetName(target)));
  const failAll = (failure: Failure, captured: boolean) => ({
    // Whether anything was frozen is not known here: it is kept, and the next sync releases it.
    usesStates: declarationOfMover(ctx.document.spec.mover).base !== 'tree',
    targets: wanted.map((target) => failedOutcome(target, failure)),
    failure,
    captured,
  });
  let taken: { capture: Promise<Capture | Failure>; capturedAt: Instant } | undefined;
  // What is frozen as it is looked at is no older than this.
  const startedAt: Instant = new Date().toISOString();
  const preparing = prepareSource(ctx, wanted);
  let atWork = wanted.length;
  /** One target from its preflight on: it waits for no other, which may have no agent. */
  const runTarget = async (target: TargetSpec): Promise<TargetOutcome> => {
    const [source, found] = await Promise.all([preparing, prepareTarget(ctx, target)]);
    if ('type' in source) return failedOutcome(target, source);
    const looked = await adoptCopy(ctx, source, found);
    const checked = await checkWithRoom(ctx, source, looked);
    if ('failure' in checked) return failedOutcome(target, checked.failure);
    taken ??= {
      capture: takeCapture(ctx, source),
      capturedAt: source.capture ? startedAt : new Date().toISOString(),
    };
    return syncTarget(ctx, { ...checked, source, ...taken });
  };
  const targets = await Promise.all(
    wanted.map(async (target) => {
      const outcome = await runTarget(target);
      atWork--;
      const isItsOwn = outcome.result === 'failed' && !('type' in (await preparing));
      if (isItsOwn && atWork > 0) await tellRelationship(ctx, outcome);
      return outcome;
    }),
  );
  const source = await preparing;
  if ('type' in source) return failAll(source, false);
  const states = source.states ?? [];
  if (!taken) return { targets, captured: source.capture !== undefined, states };
  const { capturedAt } = taken;
  const captured = await taken.capture;
  if ('type' in captured) return failAll(captured, true);
  const isReleased = isReleasedByTransfer(ctx, captured) && targets[0]?.result === 'succeeded';
  const usesStates = captured.identity !== undefined;
  return { targets, capturedAt, captured: !captured.live && !isReleased, usesStates, states };
}

/** A target's failure is seen at once, though others may be at work for hours. */
async function tellRelationship(ctx: SyncContext, outcome: TargetOutcome): Promise<void> {
  const { failure } = outcome;
  if (failure) ctx.show(outcome.name, `${failure.type}: ${failure.message}`);
  const { parent } = workflowInfo();
  if (!parent) return;
  try {
    await getExternalWorkflowHandle(parent.workflowId).signal(targetFailedSignal, outcome);
  } catch {
    // It learns of it from the sync's result.
  }
}

/** What the source keeps frozen for the next syncs of all targets, and whom it keeps nothing for any more. */
function planKept(
  ctx: SyncContext,
  { targets, states = [], usesStates }: Awaited<ReturnType<typeof runTargets>>,
): PinPlan {
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
function withoutPoints(record: SyncRecord): SyncRecord {
  return { ...record, targets: record.targets.map(({ points: _recorded, ...target }) => target) };
}

function throwUnlessSucceeded(record: SyncRecord): void {
  if (record.result === 'succeeded') return;
  if (record.result === 'cancelled') throw new CancelledFailure('the sync was cancelled', [record]);
  throw ApplicationFailure.create(encodeRecord(record));
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
  const ran = await runTargets(ctx);
  const { targets, failure, capturedAt, captured } = ran;
  const { keep, givenUp } = planKept(ctx, ran);
  for (const { text } of givenUp) log.warn(text, { relationship: ctx.name });
  const record: SyncRecord = {
    syncId: ctx.syncId,
    relationship: ctx.name,
    sequence: input.sequence,
    reason: input.reason,
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
  const told = withoutPoints(record);
  throwUnlessSucceeded(told);
  return told;
}
