import { ApplicationFailure, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { encodeFailure } from '../model/failure-wire';
import { code, page } from '../model/markdown';
import { describeFailure } from '../model/failure';
import type { DrillOutcome } from '../model/status';
import { answerOf } from './request-answer';
import { onControl } from './steps';
import type { RequestDrillInput } from '../api/messages';

/** Temporal tells it to each run that a Schedule starts. */
const SCHEDULE = defineSearchAttributeKey('TemporalScheduledById', SearchAttributeType.KEYWORD);

/** Asks a relationship for a drill and ends as that ends: what its Schedule of drills starts with every tick. */
export async function requestDrill(input: RequestDrillInput): Promise<DrillOutcome> {
  const { workflowId, runId, typedSearchAttributes } = workflowInfo();
  if (typeof (input as Partial<RequestDrillInput> | undefined)?.relationship !== 'string') {
    throw ApplicationFailure.nonRetryable('the input must be like {"relationship": "wiki"}', 'InvalidSpec');
  }
  const { relationship } = input;
  const asked = `Asked ${code(relationship)} for a drill`;
  setCurrentDetails(page([`${asked}, and waits for its end.`]));
  const asking = onControl(`Drill ${relationship} and wait for it`, {
    startToCloseTimeout: '2d',
    scheduleToCloseTimeout: '2d',
    heartbeatTimeout: '20s',
  }).sendDrill({
    relationship,
    requestId: `${workflowId}/${runId}`,
    scheduled: typedSearchAttributes.get(SCHEDULE) !== undefined,
  });
  const outcome = await answerOf(asking, asked);
  setCurrentDetails(page([`${asked}: ${outcome.result}.`]));
  if (outcome.result !== 'succeeded') {
    const { failure } = outcome;
    const told = failure ?? { type: 'Unknown' as const, message: `the drill ${outcome.result}` };
    throw ApplicationFailure.create(encodeFailure(told, describeFailure(told)));
  }
  return outcome;
}
