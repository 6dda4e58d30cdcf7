/** The control plane alone: events, latency, throughput, memory. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRelationshipId } from '../../src/model/names';
import { syncUpdate } from '../../src/api/messages';
import { eventually } from '../support/system/system';
import type { TestSystem } from '../support/system/system';
import { median, residentBytes } from './measure';

export interface ControlFigures {
  /** History events of one sync to one target, in relationship and sync workflow together. */
  eventsPerSync: { direct: number; snapshot: number };
  /** From the update to the start of the first transfer, milliseconds. */
  triggerToFirstByteMs: number;
  syncsPerMinute: number;
  relationships: number;
  /** By process, after all that. */
  residentMiB: Record<string, number>;
}

const document = (name: string, folder: string, copyMethod = 'Direct') => ({
  apiVersion: 'tidemark/v1',
  kind: 'Relationship',
  metadata: { name },
  spec: {
    source: { host: 'alpha', directory: join(folder, 'source', name), copyMethod },
    targets: [{ host: 'beta', directory: join(folder, 'target', name) }],
  },
});

async function makeRelationships(
  system: TestSystem,
  folder: string,
  names: string[],
  copyMethod?: string,
): Promise<void> {
  for (const name of names) {
    const source = join(folder, 'source', name);
    await mkdir(source, { recursive: true });
    await writeFile(join(source, 'file'), name);
  }
  const text = names.map((name) => JSON.stringify(document(name, folder, copyMethod))).join('\n---\n');
  await system.apply(text);
  for (const name of names) {
    await eventually(
      `${name} was synced`,
      async () => ((await system.status(name)).lastSync ? true : undefined),
      300_000,
    );
  }
}

/** History events of one sync, in relationship and sync workflow together. */
export async function countEvents(system: TestSystem, name: string): Promise<number> {
  const client = await system.client();
  const relationship = client.workflow.getHandle(makeRelationshipId(name));
  const count = async (workflowId: string) =>
    (await client.workflow.getHandle(workflowId).fetchHistory()).events?.length ?? 0;
  const before = await count(makeRelationshipId(name));
  const answer = await relationship.executeUpdate(syncUpdate, { args: [{ wait: true }] });
  await eventually('the relationship is idle', async () =>
    (await system.status(name)).phase === 'Idle' ? true : undefined,
  );
  const after = await eventually('its last task is done', async () => {
    const events = await count(makeRelationshipId(name));
    await new Promise((done) => setTimeout(done, 500));
    return events === (await count(makeRelationshipId(name))) ? events : undefined;
  });
  return after - before + (await count(answer.workflowId ?? ''));
}

async function measureLatency(system: TestSystem, name: string): Promise<number> {
  const client = await system.client();
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const asked = Date.now();
    const { workflowId = '' } = await client.workflow
      .getHandle(makeRelationshipId(name))
      .executeUpdate(syncUpdate, { args: [{ wait: true }] });
    const { events = [] } = await client.workflow.getHandle(workflowId).fetchHistory();
    const scheduled = events?.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'transfer',
    );
    const started = events?.find(
      (event) =>
        event.activityTaskStartedEventAttributes?.scheduledEventId?.toString() ===
        scheduled?.eventId?.toString(),
    );
    const { seconds, nanos } = started?.eventTime ?? {};
    times.push(Number(seconds ?? 0) * 1000 + (nanos ?? 0) / 1e6 - asked);
  }
  return median(times);
}

async function measureThroughput(system: TestSystem, names: string[]): Promise<number> {
  const client = await system.client();
  const started = performance.now();
  const answers = await Promise.all(
    names.map((name) =>
      client.workflow
        .getHandle(makeRelationshipId(name))
        .executeUpdate(syncUpdate, { args: [{ wait: true }] }),
    ),
  );
  const failed = answers.find(({ result }) => result !== 'succeeded');
  if (failed) throw new Error(`a sync failed: ${JSON.stringify(failed)}`);
  return names.length / ((performance.now() - started) / 60_000);
}

export async function measureControlPlane(
  system: TestSystem,
  folder: string,
  relationships: number,
): Promise<ControlFigures> {
  await makeRelationships(system, folder, ['direct']);
  await makeRelationships(system, folder, ['clone'], 'Clone');
  const eventsPerSync = {
    direct: await countEvents(system, 'direct'),
    snapshot: await countEvents(system, 'clone'),
  };
  const triggerToFirstByteMs = await measureLatency(system, 'direct');
  const names = Array.from({ length: relationships }, (_, index) => `many-${index}`);
  await makeRelationships(system, folder, names);
  const syncsPerMinute = await measureThroughput(system, names);
  const residentMiB: Record<string, number> = {};
  for (const part of ['temporal', 'control', 'agent:alpha', 'agent:beta']) {
    residentMiB[part] = (await residentBytes(system.pid(part))) / 1024 ** 2;
  }
  return { eventsPerSync, triggerToFirstByteMs, syncsPerMinute, relationships, residentMiB };
}
