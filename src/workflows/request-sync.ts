import { ApplicationFailure, log, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { encodeFailure } from '../model/failure-wire';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { RequestSyncInput, SyncAnswer } from '../api/messages';
import { describeFailure } from '../model/failure';
import { code, page, plain } from '../model/markdown';
import { makeRelationshipId } from '../model/names';
import { answerOf } from './request-answer';
import { onControl } from './steps';

/** When a Schedule meant this run, jitter and delays left out: Temporal tells it to each run that a Schedule starts. */
const TICK = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/**
 * Asks a relationship for a sync and ends as that sync ends: what its Schedule starts with every
 * tick, and what users' own Schedules and workflows may start.
 */
export async function requestSync(input: RequestSyncInput): Promise<SyncAnswer> {
  const { workflowId, runId, typedSearchAttributes } = workflowInfo();
  // Anybody may start it, with anything.
  if (typeof (input as Partial<RequestSyncInput> | undefined)?.relationship !== 'string') {
    throw ApplicationFailure.nonRetryable('the input must be like {"relationship": "wiki"}', 'InvalidSpec');
  }
  const asked = `Asked ${code(makeRelationshipId(input.relationship))} for a sync`;
  setCurrentDetails(page([`${asked}, and waits for its end.`]));
  const tick = input.scheduled ? typedSearchAttributes.get(TICK)?.toISOString() : undefined;
  const asking = onControl(`Sync ${input.relationship} and wait for it`, {
    startToCloseTimeout: '30d',
    scheduleToCloseTimeout: '30d',
    heartbeatTimeout: '20s',
  }).sendSync({
    relationship: input.relationship,
    requestId: `${workflowId}/${runId}`,
    scheduled: input.scheduled ?? false,
    ...(tick !== undefined && { tick }),
    ...(input.targets && { targets: input.targets }),
  });
  const answer = await answerOf(asking, asked);
  const became = answer.skipped
    ? `**skipped**: ${plain(answer.skipped)}`
    : `${code(answer.workflowId ?? '')} ${answer.result ?? 'was started'}`;
  setCurrentDetails(page([`${asked}: ${became}.`]));
  if (answer.skipped) log.info('sync skipped', { relationship: input.relationship, reason: answer.skipped });
  if (answer.failure) {
    throw ApplicationFailure.create(encodeFailure(answer.failure, describeFailure(answer.failure)));
  }
  return answer;
}
