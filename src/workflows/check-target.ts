/** Whether one target may be synced, by what both sides hold; before anything is changed. */
import type { SourcePrepared, TargetPrepared } from '../activities/contract';
import { moverTo, targetName, volumeOf, volumePath } from '../model/endpoints';
import { checkGuards } from '../model/guards';
import { declarationOf } from '../model/kinds';
import { sendsManyTrees } from '../model/movers';
import { findDivergence, planStream } from '../model/plan-stream';
import type { RungsLeftOut, StreamSituation } from '../model/plan-stream';
import type { Failure } from '../model/records';
import { checkSpace } from '../model/space';
import type { Growth } from '../model/space';
import type { MoverSpec, TargetSpec } from '../model/spec';
import type { SyncContext } from './sync-context';

/** What the disk of a target must have room for. */
export function growthOf(source: SourcePrepared, prepared: TargetPrepared, mover: MoverSpec): Growth {
  const { method, pointBytes, newestPoint, states } = prepared;
  const isShared = states?.some(({ identity }) =>
    source.states?.some((state) => state.identity === identity),
  );
  const stream = streamOf(source, prepared, mover);
  // What changed is written, and no more: how much that is, nobody knows before.
  if (isShared || (stream && planStream(stream).how === 'delta-onto-clone')) {
    return { method, source: { disk: 0, files: 0 }, point: { disk: 0 } };
  }
  return {
    method,
    source: { disk: source.bytes, files: source.fileBytes },
    point: { disk: pointBytes, ...(newestPoint && { files: newestPoint.bytes }) },
  };
}

/** What a target gains that can be made as large as its source, before anything is sent. In bytes. */
function growthTo({ shape }: SourcePrepared, { growsFrom }: TargetPrepared): number {
  return growsFrom === undefined ? 0 : Math.max(0, (shape?.capacityBytes ?? 0) - growsFrom);
}

export const NOTHING_LEFT_OUT: RungsLeftOut = { excluded: [] };

/** What both sides hold, for movers that send from a common state. */
export function streamOf(
  { states: source }: SourcePrepared,
  { states: target, changed = false, exists = false }: TargetPrepared,
  mover: MoverSpec,
  left: RungsLeftOut = NOTHING_LEFT_OUT,
): StreamSituation | undefined {
  if (!source || !target) return undefined;
  const withoutDelta = left.withoutDelta === true || sendsManyTrees(mover);
  return { source, target, targetExists: exists, targetChanged: changed, ...left, withoutDelta };
}

/** A target that has diverged is replaced only after an approval. */
function checkDivergence(
  ctx: SyncContext,
  source: SourcePrepared,
  { target, prepared }: { target: TargetSpec; prepared: TargetPrepared },
): Failure | undefined {
  const situation = streamOf(source, prepared, moverTo(ctx.document, target));
  const divergence = situation && !ctx.approved && !prepared.foreign && findDivergence(situation);
  if (!divergence) return undefined;
  const { changed, foreign } = divergence;
  const found = [
    ...(changed ? ['its data was changed there'] : []),
    ...(foreign.length > 0
      ? [`it has snapshots that no sync made: ${foreign.map(({ name }) => name).join(', ')}`]
      : []),
  ];
  return {
    type: 'Diverged',
    message: `target ${targetName(target)} has diverged since it was last equal to its source: ${found.join('; ')}`,
    host: target.host,
    volume: volumePath(target),
    hint: `tidemark approve ${ctx.name} moves what is there aside and continues from the newest state that both sides hold`,
  };
}

/** Guards and free space, for one target, before anything is changed. */
export function checkTarget(
  ctx: SyncContext,
  source: SourcePrepared,
  looked: { target: TargetSpec; prepared: TargetPrepared },
): { target: TargetSpec; prepared: TargetPrepared } | { target: TargetSpec; failure: Failure } {
  const { spec } = ctx.document;
  const { target, prepared } = looked;
  const failure =
    checkGuards({
      relationship: ctx.name,
      source: { host: spec.source.host, volume: volumePath(spec.source), empty: source.empty },
      target: {
        name: targetName(target),
        host: target.host,
        volume: volumePath(target),
        files: prepared.files,
        countsItself: declarationOf(volumeOf(target).kind).hasTrees,
        foreign: prepared.foreign,
      },
      allowEmpty: spec.guards.allowEmpty,
      allowForeign: spec.guards.allowForeign,
      approved: ctx.approved,
    }) ??
    checkDivergence(ctx, source, looked) ??
    checkSpace({
      host: target.host,
      volume: volumePath(target),
      ...growthOf(source, prepared, moverTo(ctx.document, target)),
      replicaBytes: prepared.bytes,
      freeBytes: prepared.freeBytes + growthTo(source, prepared),
      ...(prepared.fixedBytes !== undefined && {
        fixedBytes: prepared.fixedBytes + growthTo(source, prepared),
      }),
    });
  return failure ? { target, failure } : looked;
}
