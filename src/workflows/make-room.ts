import type { SourcePrepared, TargetPrepared } from '../activities/contract';
import { isAtSource, moverTo, targetName, volumePath } from '../model/endpoints';
import type { Failure } from '../model/records';
import { explainFull } from '../model/room';
import type { TargetSpec } from '../model/spec';
import { growthOf } from './check-target';
import { onHost } from './steps';
import type { SyncContext } from './sync-context';
import { atTarget } from './sync-context';

/**
 * Applies the retention of today at a target that is full: whoever keeps fewer points from now on is helped by it at
 * once. Answers whether something went. Never throws: without room, the sync fails as it would have.
 */
export async function makeRoom(ctx: SyncContext, target: TargetSpec): Promise<boolean> {
  const name = targetName(target);
  ctx.show(name, 'making room: what retention no longer keeps goes');
  try {
    const { removed } = await onHost(
      target.host,
      `Make room in ${volumePath(target)}: remove what retention no longer keeps`,
    ).makeRoom({ ...atTarget(ctx, target), retain: target.retain ?? ctx.document.spec.retain });
    return removed > 0;
  } catch {
    return false;
  }
}

/** Says what a target that is full lacks. Never throws: what can't be measured is left as it was said. */
export async function explainShortage(
  ctx: SyncContext,
  { target, prepared, source }: { target: TargetSpec; prepared: TargetPrepared; source: SourcePrepared },
  failure: Failure,
  isCounted = false,
): Promise<Failure> {
  const { host = target.host, volume = volumePath(target) } = failure;
  // Nobody knows how much room a store has.
  if (failure.type !== 'TargetFull' || isAtSource(target)) return failure;
  // Something else is full: the agent's own folder, or the source's host.
  if (host !== target.host || volume !== volumePath(target)) return failure;
  try {
    const shortage = await onHost(target.host, 'Measure what is missing').measureShortage({
      volume: atTarget(ctx, target).volume,
      growth: growthOf(source, prepared, moverTo(ctx.document, target)),
    });
    return explainFull({ ...failure, host, volume }, shortage, isCounted);
  } catch {
    return failure;
  }
}
