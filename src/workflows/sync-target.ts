/** One target of a sync: landing, transfer, publish; its failures are its own. */
import { sleep } from '@temporalio/workflow';
import type { PublishResult, SourcePrepared, TargetPrepared } from '../activities/contract';
import { claimDoorOf, moverTo, targetName, volumeIn, volumePath } from '../model/endpoints';
import { describeLeftOut, mergeLeftOut } from '../model/left-out';
import { describeRest } from '../model/space';
import { planTransfer } from '../model/plan-transfer';
import type { TransferPlan } from '../model/plan-transfer';
import type { Failure, Instant, TargetOutcome, TransferStats } from '../model/records';
import { stepDown } from '../model/plan-stream';
import type { RungsLeftOut, StreamHow } from '../model/plan-stream';
import type { TargetSpec } from '../model/spec';
import { formatBytes, formatEntries } from '../model/units';
import type { Opened, TransferId } from '../movers/contract';
import { describeFailure, isMissingAgent } from '../model/failure';
import type { Capture } from '../model/capture';
import { NOTHING_LEFT_OUT, streamOf } from './check-target';
import { explainShortage, makeRoom } from './make-room';
import { carryBytes, closeLeg, LANDING_LIFETIME_MS, stepAt } from './leg';
import { onHost, orStepFailed, StepFailed, toFailure } from './steps';
import type { StepOverrides } from './steps';
import type { SyncContext } from './sync-context';
import { atSource, atTarget } from './sync-context';

/** A landing may be gone (its agent restarted, its port moved): reopened this often in a row. */
const MAX_LANDINGS = 4;

/** Whoever transferred for so long has got somewhere: the count starts again. */
const PROGRESS_MS = 60_000;

/**
 * Failures that a new landing can mend. Opening it also ends what a lost attempt left at the target,
 * so a transfer that broke is never repeated on the old one.
 */
const MENDED_BY_NEW_LANDING = ['HostUnreachable', 'AuthRejected', 'TransferInterrupted', 'VolumeBusy'];

/**
 * After an attempt that was lost, a target without the base may hold what was sent already: then its next landing tells so,
 * and nothing is sent again.
 */
const mayBeThere = ({ failure, attempts }: StepFailed) => failure.type === 'BaseLost' && attempts > 1;

interface TargetWork {
  target: TargetSpec;
  prepared: TargetPrepared;
  source: SourcePrepared;
  /** Settled by the time the bytes are to move; both run at once. */
  capture: Promise<Capture | Failure>;
  capturedAt: Instant;
}

/** Once it has begun, an only copy may be of two states. */
type Sending = TargetWork & { hasBegun: boolean };

async function openLanding(
  ctx: SyncContext,
  work: TargetWork,
  plan: TransferPlan,
  id: TransferId,
): Promise<Opened> {
  const { target, source } = work;
  const offer = source.offers[id.target];
  if (!offer) throw new Error(`the source made no offer for target ${id.target}`);
  ctx.show(id.target, 'opening a landing');
  const to = { host: target.host, step: atTarget(ctx, target) };
  return stepAt(to, `Open a landing at ${id.target}: SSH, for this sync alone`, (host) =>
    host.receive({
      ...to.step,
      id,
      offer,
      writeMode: plan.writeMode,
      ...(plan.stream && { stream: plan.stream }),
      mover: moverTo(ctx.document, work.target),
      landingLifetimeMs: LANDING_LIFETIME_MS,
      ...(source.shape && { source: source.shape }),
      ...(plan.maxDeletions !== undefined && { maxDeletions: plan.maxDeletions }),
      ...(plan.maxDeletionsPercent !== undefined && { maxDeletionsPercent: plan.maxDeletionsPercent }),
    }),
  );
}

/** Tried again on the same landing, but for what a new one can mend. */
const ON_ONE_LANDING: StepOverrides = {
  retry: {
    initialInterval: '1s',
    backoffCoefficient: 2,
    maximumInterval: '15s',
    maximumAttempts: 4,
    nonRetryableErrorTypes: MENDED_BY_NEW_LANDING,
  },
};

/** What got through, and how it did in the end; of what somebody else has pushed, when that was whole. */
interface Delivered {
  stats: TransferStats;
  how: StreamHow;
  capturedAt?: Instant;
}

async function transferOnce(
  ctx: SyncContext,
  work: Sending,
  plan: TransferPlan,
): Promise<Delivered & { attempt: number }> {
  const { source } = work;
  const { spec } = ctx.document;
  const name = targetName(work.target);
  const id: TransferId = { relationship: ctx.name, target: name, syncId: ctx.syncId };
  const opened = await openLanding(ctx, work, plan, id);
  const capture = await work.capture;
  if ('type' in capture) throw new StepFailed(capture);
  const how = opened.goesBy ?? plan.how;
  const isPushed = claimDoorOf(spec.source) !== undefined;
  ctx.show(name, isPushed ? `waiting for a push to ${volumePath(spec.source)}` : `transferring (${how})`);
  const from = { host: spec.source.host, step: atSource(ctx) };
  work.hasBegun = true;
  const summary = isPushed
    ? `Wait until somebody has pushed to ${name}`
    : `Transfer to ${name}: ${how}, from a tree of about ${formatBytes(source.bytes)}`;
  const sent = await carryBytes(
    { from, id, summary, overrides: ON_ONE_LANDING },
    {
      capture,
      opened,
      writeMode: plan.writeMode,
      ...(plan.stream && { stream: plan.stream }),
      mover: moverTo(ctx.document, work.target),
      told: source.offers[name]?.told ?? {},
      ...(plan.maxDeletions !== undefined && { maxDeletions: plan.maxDeletions }),
      ...(plan.maxDeletionsPercent !== undefined && { maxDeletionsPercent: plan.maxDeletionsPercent }),
      ...(plan.targetEntries !== undefined && { targetEntries: plan.targetEntries }),
      expectedBytes: { disk: source.bytes, files: source.fileBytes },
      since: { ...(work.prepared.newestPoint && { confirmed: work.prepared.newestPoint.syncId }) },
      releaseAfter: isReleasedByTransfer(ctx, capture),
    },
  );
  return { ...sent, how };
}

/** A frozen copy that only one target reads is released by its transfer: a step less. */
export function isReleasedByTransfer(ctx: SyncContext, capture: Capture): boolean {
  return !capture.live && capture.identity === undefined && ctx.targets.length === 1;
}

interface Sent extends Delivered {
  attempts: number;
}

/** Transfers, opening a new landing when the old one may be gone; adds up the attempts. */
async function transferWithNewLandings(ctx: SyncContext, work: Sending, plan: TransferPlan): Promise<Sent> {
  let attempts = 0;
  for (let round = 1; ; round++) {
    const startedAt = Date.now();
    try {
      const { attempt, ...sent } = await transferOnce(ctx, work, plan);
      return { ...sent, attempts: attempts + attempt };
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      attempts += error.attempts;
      const { failure } = error;
      if (Date.now() - startedAt >= PROGRESS_MS) round = 1;
      const isMended = MENDED_BY_NEW_LANDING.includes(failure.type) || mayBeThere(error);
      if (round >= MAX_LANDINGS || !isMended || isMissingAgent(failure)) {
        throw new StepFailed(failure, attempts);
      }
      ctx.show(targetName(work.target), `trying again with a new landing: ${failure.message}`);
      await sleep(1000 * 2 ** round);
    }
  }
}

function planFor(
  ctx: SyncContext,
  { target, source, prepared }: TargetWork,
  left: RungsLeftOut,
): TransferPlan {
  const { guards } = ctx.document.spec;
  const stream = streamOf(source, prepared, moverTo(ctx.document, target), left);
  return planTransfer({
    method: prepared.method,
    hasHardLinks: prepared.hasHardLinks,
    ...(prepared.newestPoint && { newestPoint: prepared.newestPoint }),
    targetEntries: prepared.files,
    resuming: prepared.resuming,
    maxDeletes: guards.maxDeletes,
    approved: ctx.approved,
    ...(stream && { stream }),
  });
}

/** Transfers by the highest rung that holds: what turns out not to is left out, and the next one is tried. */
async function climbLadder(
  ctx: SyncContext,
  work: Sending,
  onPlan: (plan: TransferPlan) => void,
): Promise<Sent> {
  let left = NOTHING_LEFT_OUT;
  let attempts = 0;
  for (;;) {
    const plan = planFor(ctx, work, left);
    onPlan(plan);
    try {
      const sent = await transferWithNewLandings(ctx, work, plan);
      return { ...sent, attempts: attempts + sent.attempts };
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      attempts += error.attempts;
      const { failure } = error;
      const next = stepDown(plan.stream, failure.type, left);
      if (!next) throw new StepFailed(failure, attempts);
      left = next;
      ctx.show(
        targetName(work.target),
        `${plan.how} is not possible, trying the next way: ${failure.message}`,
      );
    }
  }
}

/** As `climbLadder`; a target that ran full in the middle is tried once more where retention makes room. */
async function sendWithRoom(
  ctx: SyncContext,
  work: Sending,
  onPlan: (plan: TransferPlan) => void,
): Promise<Sent> {
  try {
    return await climbLadder(ctx, work, onPlan);
  } catch (error) {
    if (!(error instanceof StepFailed) || error.failure.type !== 'TargetFull') throw error;
    if (!(await makeRoom(ctx, work.target))) throw error;
    const sent = await climbLadder(ctx, work, onPlan);
    return { ...sent, attempts: error.attempts + sent.attempts };
  }
}

/** The room that a hard-linked tree needs is known when it is made. */
async function publishWithRoom(
  ctx: SyncContext,
  target: TargetSpec,
  publish: () => Promise<PublishResult>,
): Promise<PublishResult> {
  const { host } = target;
  const volume = volumePath(target);
  try {
    return await orStepFailed(publish(), host, volume);
  } catch (error) {
    if (!(error instanceof StepFailed) || error.failure.type !== 'TargetFull') throw error;
    if (!(await makeRoom(ctx, target))) throw error;
    return await orStepFailed(publish(), host, volume);
  }
}

/** Examining reads back what is kept, which may take days; what keeps it from that now is gone by the next sync, perhaps. */
const LONG_STEP: StepOverrides = { startToCloseTimeout: '30d', retry: { maximumAttempts: 1 } };

/**
 * Examines what a target keeps, where that is due. The point that was made is one, whatever comes of this: damage is this
 * sync's failure, and that it could not be looked for is a warning.
 */
async function examine(
  ctx: SyncContext,
  target: TargetSpec,
  { isExaminationDue }: PublishResult,
): Promise<Partial<Pick<TargetOutcome, 'result' | 'failure' | 'warning'>>> {
  if (!isExaminationDue) return {};
  ctx.show(targetName(target), 'reading back a part of what it keeps');
  const to = { host: target.host, step: atTarget(ctx, target) };
  try {
    await stepAt(
      to,
      `Read back a part of ${to.step.volume.path}`,
      (host) => host.examine(to.step),
      LONG_STEP,
    );
    return {};
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    const { failure } = error;
    if (failure.type === 'VerificationFailed') return { result: 'failed', failure };
    if (failure.type === 'Cancelled') return { result: 'cancelled', failure };
    return { warning: `it could not be checked: ${describeFailure(failure)}` };
  }
}

/** Brings one target up to date. Never throws: its fate is its own. */
export async function syncTarget(ctx: SyncContext, work: TargetWork): Promise<TargetOutcome> {
  const { target, prepared } = work;
  const { spec } = ctx.document;
  const name = targetName(target);
  const outcome = { name, host: target.host };
  let plan = planFor(ctx, work, NOTHING_LEFT_OUT);
  const sending: Sending = { ...work, hasBegun: false };
  try {
    const sent = await sendWithRoom(ctx, sending, (chosen) => (plan = chosen));
    const { stats, attempts, how } = sent;
    const capture = await work.capture;
    if ('type' in capture) throw new StepFailed(capture, attempts);
    const { identity } = capture;
    const notCarried = mergeLeftOut(capture.leftOut, stats.leftOut);
    const leftOut = notCarried.length > 0 ? { leftOut: notCarried } : {};
    ctx.show(name, 'publishing a recovery point');
    const publish = () =>
      onHost(target.host, `Publish a recovery point at ${name}`).publish({
        ...atTarget(ctx, target),
        id: { relationship: ctx.name, target: name, syncId: ctx.syncId },
        mover: moverTo(ctx.document, target),
        method: prepared.method,
        capturedAt: sent.capturedAt ?? capture.capturedAt ?? work.capturedAt,
        sequence: Math.max(ctx.sequence, (prepared.newestPoint?.sequence ?? 0) + 1),
        stats,
        ...leftOut,
        ...(plan.stream && { stream: plan.stream }),
        ...(identity !== undefined && { identity }),
        retain: target.retain ?? spec.retain,
        hooks: spec.hooks.afterPublish,
      });
    const published = await publishWithRoom(ctx, target, publish);
    const examined = await examine(ctx, target, published);
    const lacking = notCarried.length > 0 ? `; left out: ${describeLeftOut(notCarried)}` : '';
    const { failure } = examined;
    ctx.show(
      name,
      failure
        ? `${failure.type}: ${failure.message}`
        : `done: ${formatEntries(stats.filesChanged)} changed, ${formatBytes(stats.bytesSent)} sent${lacking}`,
    );
    const { isExaminationDue: _asked, ...kept } = published;
    const warning =
      published.warning ?? examined.warning ?? describeRest(prepared.fixedBytes, stats.totalBytes);
    return {
      ...{ ...outcome, result: 'succeeded', how, stats, attempts, ...leftOut, ...kept, ...examined },
      ...(warning !== undefined && { warning }),
    };
  } catch (error) {
    const failed =
      error instanceof StepFailed ? error : new StepFailed(toFailure(error, target.host, volumePath(target)));
    const id: TransferId = { relationship: ctx.name, target: name, syncId: ctx.syncId };
    const isOnlyCopy = sending.hasBegun && prepared.method === 'Direct';
    // An attempt before may have written.
    const isUntouched = failed.failure.changedNothing === true && failed.attempts <= 1;
    const ends = [target, spec.source].map((end) => ({
      host: end.host,
      volume: volumeIn(ctx.document, end),
      isOnlyCopy: isOnlyCopy && end === target,
      isUntouched,
    }));
    const { reachedBytes, torn } = await closeLeg(id, ...ends);
    const failure = await explainShortage(ctx, work, failed.failure);
    ctx.show(name, `${failure.type}: ${failure.message}`);
    return {
      ...outcome,
      result: failure.type === 'Cancelled' ? 'cancelled' : 'failed',
      how: plan.how,
      attempts: failed.attempts,
      ...(reachedBytes !== undefined && { reachedBytes }),
      // Where nobody can say, it may be.
      ...(isOnlyCopy && torn !== false && { torn: true }),
      failure,
    };
  }
}
