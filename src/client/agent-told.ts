/** How what an agent tells of itself is handed to Temporal. */
import type { AgentToldInput } from '../api/messages';
import { formatLabels } from '../model/labels';
import { CONTROL_QUEUE, makeAgentToldId } from '../model/names';
import { toSummary } from '../model/static-texts';

/** @param isNews it takes the place of what was told before and nobody has heard yet */
export function agentToldStart(input: AgentToldInput, isNews: boolean) {
  const { host, labels } = input;
  return {
    workflowId: makeAgentToldId(host),
    taskQueue: CONTROL_QUEUE,
    args: [input],
    workflowIdConflictPolicy: isNews ? ('TERMINATE_EXISTING' as const) : ('FAIL' as const),
    staticSummary: toSummary(
      labels === null ? `${host} is to be forgotten` : `Labels of ${host}: ${formatLabels(labels) || 'none'}`,
    ),
  };
}
