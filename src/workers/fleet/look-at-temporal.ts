/** What Temporal lists of relationships: which run, in which phase, and which Schedules do not tick. */
import type { Client } from '@temporalio/client';
import { listRelationships } from '../../client/list-relationships';
import { makeScheduleId } from '../../model/names';
import type { ScheduleTrouble } from '../../model/summary';

export interface Listed {
  /** Phases of those that run, by name; a listing lags behind by a second or so. */
  running: ReadonlyMap<string, string | undefined>;
  /** Whether a Schedule is paused, by its id. */
  schedules: ReadonlyMap<string, boolean>;
}

export async function listAll(client: Client): Promise<Listed> {
  const [running, schedules] = await Promise.all([listRunning(client), listSchedules(client)]);
  return { running, schedules };
}

async function listRunning(client: Client): Promise<Listed['running']> {
  const running = new Map<string, string | undefined>();
  for await (const { name, phase } of listRelationships(client, ['Running'])) running.set(name, phase);
  return running;
}

async function listSchedules(client: Client): Promise<Listed['schedules']> {
  const schedules = new Map<string, boolean>();
  for await (const { scheduleId, state } of client.schedule.list({ pageSize: 1000 }))
    schedules.set(scheduleId, state.paused);
  return schedules;
}

/** By the listing alone, which lags behind. */
export function troubleIn({ schedules }: Listed, name: string): ScheduleTrouble | null {
  const paused = schedules.get(makeScheduleId(name));
  if (paused === undefined) return 'missing';
  return paused ? 'paused' : null;
}
