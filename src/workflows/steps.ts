/** How workflows call activities, and how they read their failures. */
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import { decodeAttempts, decodeFailure } from '../model/failure-wire';
import type { ActivityOptions } from '@temporalio/workflow';
import type { HostActivities } from '../activities/contract';
import type { ControlActivities } from '../activities/control/contract';
import { isErrorType } from '../model/errors';
import { makeFailure, noAgentFailure } from '../model/failure';
import { CONTROL_QUEUE, makeHostQueue } from '../model/names';
import type { Failure } from '../model/records';
import { toSummary } from '../model/static-texts';

/** A host whose queue nobody has served for this long has no agent. */
const NO_AGENT_AFTER_MS = 30_000;

/** A step that was lost with its agent is noticed after this long without a heartbeat. */
const HEARTBEAT_TIMEOUT_MS = 10_000;

const HOST_STEP: ActivityOptions = {
  startToCloseTimeout: '2h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  scheduleToStartTimeout: NO_AGENT_AFTER_MS,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s', maximumAttempts: 6 },
};

/** Where a step differs from the usual in how long it may take, and how often it is tried. */
export type StepOverrides = ActivityOptions;

/** A step on a host, called with a summary that the Temporal UI shows. */
export function onHost(host: string, summary: string, overrides: ActivityOptions = {}) {
  return proxyActivities<HostActivities>({
    ...HOST_STEP,
    taskQueue: makeHostQueue(host),
    summary: toSummary(summary),
    ...overrides,
  });
}

/** A step of the control worker. It is retried for as long as its database may need to come back. */
export function onControl(summary: string, overrides: ActivityOptions = {}) {
  return proxyActivities<ControlActivities>({
    taskQueue: CONTROL_QUEUE,
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: '30m',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    summary: toSummary(summary),
    ...overrides,
  });
}

function fromApplicationFailure(failure: ApplicationFailure, host: string, volume?: string): Failure {
  const { type, message, problems: _problems, ...details } = decodeFailure(failure);
  return makeFailure(isErrorType(type) ? type : 'Unknown', message, {
    host,
    // A cause on another host does not lie in this one's volume.
    ...(volume !== undefined && (details.host ?? host) === host && { volume }),
    ...details,
  });
}

/**
 * A short step of the control worker as part of the workflow's own task: one event of history instead
 * of six. For what is idempotent, ends in moments, and stands at the end of a sync.
 */
export function inControl(summary: string) {
  return proxyLocalActivities<Pick<ControlActivities, 'recordSync'>>({
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: '30m',
    // From here on Temporal waits with a timer, and the worker is free.
    localRetryThreshold: '5s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    summary: toSummary(summary),
  });
}

/** What went wrong with a step on a host, classified for the user. */
export function toFailure(error: unknown, host: string, volume?: string): Failure {
  if (isCancellation(error)) return makeFailure('Cancelled', 'cancelled');
  const cause =
    error instanceof ActivityFailure || error instanceof ChildWorkflowFailure
      ? (error.cause ?? error)
      : error;
  if (cause instanceof ApplicationFailure) return fromApplicationFailure(cause, host, volume);
  if (cause instanceof TimeoutFailure) {
    if (cause.timeoutType === 'SCHEDULE_TO_START') return noAgentFailure(host);
    return makeFailure(
      'TransferInterrupted',
      `the agent of host ${host} was lost in the middle of a step, several times`,
      {
        host,
        ...(volume !== undefined && { volume }),
        hint: `look at its log, and whether it is restarted all the time: tidemark doctor`,
      },
    );
  }
  if (cause instanceof TerminatedFailure) {
    return makeFailure('TransferInterrupted', 'its workflow was terminated in Temporal', {
      hint: 'to end an operation with its clean-up: tidemark cancel, or Cancel in the Temporal UI',
    });
  }
  return makeFailure('Unknown', cause instanceof Error ? cause.message : String(cause), { host });
}

/** How many attempts a failed step has taken, as its agent counted them. */
export function attemptsOf(error: unknown): number {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? decodeAttempts(cause) : 1;
}

/** A step that failed, classified where it was called: only there is its host known for sure. */
export class StepFailed extends Error {
  constructor(
    readonly failure: Failure,
    readonly attempts = 0,
  ) {
    super(failure.message);
  }
}

/** Waits for a step on a host. @throws StepFailed */
export async function orStepFailed<T>(step: Promise<T>, host: string, volume: string): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw new StepFailed(toFailure(error, host, volume), attemptsOf(error));
  }
}
