/** The targets of a sync that one source is read for: preflight, capture, and each target's own way from there. */
import { getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import type { SourcePrepared } from '../activities/contract';
import { targetFailedSignal } from '../api/messages';
import type { Capture } from '../model/capture';
import { isAtSource, moverTo, placeOf, targetName, volumePath } from '../model/endpoints';
import { makeFailure } from '../model/failure';
import { declarationOfMover } from '../model/movers';
import type { Failure, HeldState, Instant, TargetOutcome } from '../model/records';
import type { TargetSpec } from '../model/spec';
import type { VolumeShape } from '../volumes/contract';
import { checkTarget } from './check-target';
import { explainShortage, makeRoom } from './make-room';
import { onHost, toFailure } from './steps';
import type { Prepared, SyncContext } from './sync-context';
import { atSource, atTarget } from './sync-context';
import { isReleasedByTransfer, syncTarget } from './sync-target';

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
      copyOf: ctx.copyOf ?? placeOf(ctx.document.spec.source),
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
    const summary = `Look at source ${source.host}:${volumePath(source)}`;
    // What is read of a store is fetched as it is looked at.
    const overrides = isAtSource(source) ? { startToCloseTimeout: '30d' as const } : {};
    const prepared = await onHost(source.host, summary, overrides).prepareSource({
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
    const shape = { ...ctx.shape, ...prepared.shape };
    return tooOld(ctx, prepared) ?? { ...prepared, shape };
  } catch (error) {
    return toFailure(error, source.host, volumePath(source));
  }
}

/** What a store shows may be behind what was written to it. */
function tooOld({ document, notBefore }: SyncContext, { capture }: SourcePrepared): Failure | undefined {
  const { source } = document.spec;
  if (notBefore === undefined || (capture?.capturedAt ?? '') >= notBefore) return undefined;
  return makeFailure('NotReady', 'the store does not show yet what this sync has written to it', {
    ...{ host: source.host, volume: volumePath(source) },
    hint: 'it is tried again',
  });
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

/** What became of the targets that are brought up to date from one source. */
export interface Ran {
  targets: TargetOutcome[];
  failure?: Failure;
  capturedAt?: Instant;
  captured: boolean;
  /** What was frozen is the next sync's base. Not known where nothing was. */
  usesStates?: boolean;
  /** What the source held before. */
  states?: HeldState[];
  /** How large the source is, as far as that is known. */
  shape?: VolumeShape;
}

/** Nothing was reached, and so nothing done. */
export const failEach = (targets: readonly TargetSpec[], failure: Failure): TargetOutcome[] =>
  targets.map((target) => failedOutcome(target, failure));

/** Preflight, capture, then every target with its own fate. */
export async function runTargets(ctx: SyncContext, wanted: TargetSpec[]): Promise<Ran> {
  const failAll = (failure: Failure, captured: boolean) => ({
    // Whether anything was frozen is not known here: it is kept, and the next sync releases it.
    usesStates: declarationOfMover(ctx.document.spec.mover).base !== 'tree',
    targets: failEach(wanted, failure),
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
      capturedAt: source.capture?.capturedAt ?? (source.capture ? startedAt : new Date().toISOString()),
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
  const { states = [], shape = {} } = source;
  if (!taken) return { targets, captured: source.capture !== undefined, states, shape };
  const { capturedAt } = taken;
  const captured = await taken.capture;
  if ('type' in captured) return failAll(captured, true);
  const isReleased = isReleasedByTransfer(ctx, captured) && targets[0]?.result === 'succeeded';
  const usesStates = captured.identity !== undefined;
  return { targets, capturedAt, captured: !captured.live && !isReleased, usesStates, states, shape };
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
