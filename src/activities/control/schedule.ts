/** Keeps the Temporal Schedule of a relationship in step with its spec. */
import {
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import { TidemarkError } from '../../model/errors';
import { CONTROL_QUEUE, makeDrillScheduleId, makeScheduleId } from '../../model/names';
import { SEARCH_ATTRIBUTES } from '../../model/search-attributes';
import type { RequestDrillInput, RequestSyncInput } from '../../api/messages';
import type { WantedSchedule } from './contract';

type WantedOptions = Pick<ScheduleOptions, 'spec' | 'action' | 'policies'> &
  Required<Pick<ScheduleOptions, 'action'>>;

function scheduleIdOf({ relationship, what }: WantedSchedule): string {
  return what === 'drill' ? makeDrillScheduleId(relationship) : makeScheduleId(relationship);
}

/** What the Schedule of a relationship looks like. Pure. */
export function scheduleOptions(wanted: WantedSchedule) {
  const attributes = [{ key: SEARCH_ATTRIBUTES.relationship, value: wanted.relationship }];
  const isDrill = wanted.what === 'drill';
  const input: RequestSyncInput | RequestDrillInput = isDrill
    ? { relationship: wanted.relationship }
    : { relationship: wanted.relationship, scheduled: true };
  return {
    spec: {
      cronExpressions: wanted.crons,
      timezone: wanted.timezone,
      ...(wanted.jitterMs > 0 && { jitter: wanted.jitterMs }),
    },
    action: {
      type: 'startWorkflow' as const,
      workflowType: isDrill ? 'requestDrill' : 'requestSync',
      workflowId: `${scheduleIdOf(wanted)}/tick`,
      taskQueue: CONTROL_QUEUE,
      args: [input],
      staticSummary: `Scheduled ${isDrill ? 'drill' : 'sync'} of ${wanted.relationship}`,
      typedSearchAttributes: attributes,
    },
    policies: {
      // Every tick asks: the relationship itself skips and counts one that falls into an operation.
      overlap: isDrill ? ScheduleOverlapPolicy.SKIP : ScheduleOverlapPolicy.ALLOW_ALL,
      catchupWindow: wanted.catchUpMs,
    },
  } satisfies WantedOptions;
}

async function remove(client: Client, id: string): Promise<void> {
  try {
    await client.schedule.getHandle(id).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

/** Removes the Schedules of a relationship; none there is not an error. */
export async function removeSchedule(client: Client, relationship: string): Promise<void> {
  await remove(client, makeScheduleId(relationship));
  await remove(client, makeDrillScheduleId(relationship));
}

/** gRPC's code for what will never be accepted. */
const INVALID_ARGUMENT = 3;

/** What Temporal refuses for good is wrong in the spec. */
function explain(error: unknown, { crons, timezone }: WantedSchedule): unknown {
  if (!isGrpcServiceError(error) || Number(error.code) !== INVALID_ARGUMENT) return error;
  return new TidemarkError(
    'InvalidSpec',
    `Temporal refuses a Schedule of ${crons.join(', ')} in ${timezone}`,
    {
      toolMessage: error.details,
      hint: 'correct spec.trigger',
    },
  );
}

/** Makes, changes or removes the Schedule. Idempotent. Answers when its next tick is. @throws TidemarkError `InvalidSpec` */
export async function keepSchedule(client: Client, wanted: WantedSchedule): Promise<{ nextRun?: string }> {
  try {
    return await putSchedule(client, wanted);
  } catch (error) {
    throw explain(error, wanted);
  }
}

async function putSchedule(client: Client, wanted: WantedSchedule): Promise<{ nextRun?: string }> {
  const { crons, paused } = wanted;
  const scheduleId = scheduleIdOf(wanted);
  if (crons.length === 0) {
    await remove(client, scheduleId);
    return {};
  }
  const options = scheduleOptions(wanted);
  const state = { paused, note: wanted.note };
  try {
    await client.schedule.create({
      scheduleId,
      ...options,
      state,
      memo: { relationship: wanted.relationship },
      typedSearchAttributes: options.action.typedSearchAttributes,
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update((found) => {
      // An operator's pause, made in the Temporal UI, outlives a change of the spec.
      const keptPaused = found.state.paused && !paused && !wanted.resume;
      return { ...found, ...options, state: keptPaused ? found.state : state };
    });
  }
  const next = (await client.schedule.getHandle(scheduleId).describe()).info.nextActionTimes[0];
  return next ? { nextRun: next.toISOString() } : {};
}
