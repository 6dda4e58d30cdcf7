import { targetName, volumePath } from '../model/endpoints';
import type { TargetSpec } from '../model/spec';
import { onHost } from './steps';
import type { SyncContext } from './sync';
import { atTarget } from './sync';

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
