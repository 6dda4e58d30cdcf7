import { workflowInfo } from '@temporalio/workflow';
import { recalledState } from '../model/recalled-state';
import type { RelationshipState } from '../model/relationship-state';
import { onControl } from './steps';

/**
 * Takes up what a relationship of this name knew whose workflow was ended, and that nobody deleted. Answers whether
 * there was one.
 */
export async function takeUp(state: RelationshipState): Promise<boolean> {
  const found = await onControl('Look whether it was here before').recall({
    relationship: state.name,
    runId: workflowInfo().runId,
  });
  if (!found) return false;
  const recalled = recalledState(found.state, found.ended, new Date().toISOString());
  // An operation of then, which is being undone, may have told of an epoch meanwhile.
  Object.assign(state, recalled, { epoch: Math.max(state.epoch, recalled.epoch) });
  return true;
}
