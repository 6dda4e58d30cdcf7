/** The control worker's activities, with a catalog that is a list. */
import type { Client } from '@temporalio/client';
import type { ControlActivities, WantedSchedule } from '../../src/activities/control/contract';
import { recall } from '../../src/activities/control/recall';
import { drillUpdate, type SyncAnswer, syncUpdate } from '../../src/api/messages';
import { makeRelationshipId } from '../../src/model/names';
import type { SyncRecord } from '../../src/model/records';
import type { DrillOutcome } from '../../src/model/status';
import { placingBy } from './fake-agents';

export function makeFakeControl(
  client: Client,
  agents: Parameters<typeof placingBy>[0],
  records: SyncRecord[],
  schedules: WantedSchedule[],
): ControlActivities {
  return {
    ...placingBy(agents),
    keepSchedule: async (wanted) => {
      schedules.push(wanted);
      return {};
    },
    removeSchedule: async () => undefined,
    recordSync: async (record) => void records.unshift(record),
    recordVerified: async () => undefined,
    recordRelationship: async () => ({ lastSequence: 0 }),
    recordRetired: async () => undefined,
    recall: (input) => recall(client, input),
    deliverNotice: async () => ({ state: 'sent', problem: null }),
    giveUpNotice: async () => undefined,
    makeTestNotices: async () => [],
    sendDrill: async ({ relationship, requestId }) => {
      const { workflowId } = await client.workflow
        .getHandle(makeRelationshipId(relationship))
        .executeUpdate(drillUpdate, { updateId: requestId, args: [{}] });
      return (await client.workflow.getHandle(workflowId).result()) as DrillOutcome;
    },
    sendSync: async ({ relationship, requestId, scheduled, tick }): Promise<SyncAnswer> =>
      client.workflow.getHandle(makeRelationshipId(relationship)).executeUpdate(syncUpdate, {
        updateId: requestId,
        args: [{ wait: true, scheduled, ...(tick && { tick }) }],
      }),
  };
}
