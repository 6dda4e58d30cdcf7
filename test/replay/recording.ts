import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRelationshipId } from '../../src/model/names';
import type { RelationshipInput } from '../../src/model/spec';
import type { RelationshipStatus } from '../../src/model/status';
import { untilStatus } from '../support/system/switching';
import { eventually, type TestSystem } from '../support/system/system';
import { writeDocument } from '../support/system/user';

type Spec = RelationshipInput['spec'];

export const RARELY = { trigger: { schedule: '0 4 1 1 *', timezone: 'Europe/Paris' } };

/** One relationship, as a user and an operator handle it. */
export class Recording {
  constructor(
    readonly system: TestSystem,
    private readonly data: string,
    readonly name: string,
  ) {}

  get source(): string {
    return join(this.data, this.name);
  }

  target(host: string): Spec['targets'][number] {
    return { host, directory: join(this.data, `${this.name}-at-${host}`) };
  }

  async apply(hosts: string[], more: Partial<Spec> = {}): Promise<void> {
    await mkdir(this.source, { recursive: true });
    const source = { host: 'alpha', directory: this.source };
    const targets = hosts.map((host) => this.target(host));
    await this.system.apply(writeDocument(this.name, { source, targets, retain: { last: 2 }, ...more }));
  }

  write(content: string | Buffer): Promise<void> {
    return writeFile(join(this.source, 'file'), content);
  }

  run(command: string, ...options: string[]) {
    return this.system.cli([command, this.name, ...options]);
  }

  until(what: string, holds: (status: RelationshipStatus) => boolean): Promise<RelationshipStatus> {
    return untilStatus(this.system, this.name, what, holds);
  }

  idle(): Promise<RelationshipStatus> {
    return this.until('nothing runs', ({ operation, lastSync }) => !operation && !!lastSync);
  }

  async signal(name: string, input?: unknown): Promise<void> {
    const client = await this.system.client();
    await client.workflow.getHandle(makeRelationshipId(this.name)).signal(name, input);
  }

  async cancel(workflowId: string): Promise<void> {
    await (await this.system.client()).workflow.getHandle(workflowId).cancel();
  }

  /** Starts what the Schedule starts with each tick, and waits for its end. */
  async tick(scheduleId = this.name): Promise<void> {
    const client = await this.system.client();
    const schedule = client.schedule.getHandle(scheduleId);
    const before = (await schedule.describe()).info.numActionsTaken;
    await schedule.trigger();
    const tick = await eventually('the tick was started', async () => {
      const { numActionsTaken, recentActions } = (await schedule.describe()).info;
      return numActionsTaken > before ? recentActions.at(-1)?.action.workflow : undefined;
    });
    const handle = client.workflow.getHandle(tick.workflowId, tick.firstExecutionRunId);
    // A tick ends as its sync ends; either end is a history worth keeping.
    await handle.result().catch(() => undefined);
  }
}
