/** Relationships through Temporal: updates, queries, and following an operation to its end. Loads the SDK. */
import { Client, Connection, QueryRejectedError, WithStartWorkflowOperation } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { randomUUID } from 'node:crypto';
import { findVanished, isStuckBy, saysNoSpec, STUCK } from './find-vanished';
import { CONTROL_QUEUE, makeRelationshipId, makeScheduleId } from '../model/names';
import { SEARCH_ATTRIBUTES } from '../model/search-attributes';
import type { Relationship } from '../model/spec';
import { relationshipDetails, relationshipSummary } from '../model/static-texts';
import type { RelationshipStatus } from '../model/status';
import type { ScheduleSeen } from '../model/summary';
import { asVanished } from '../model/vanished';
import type { Vanished } from '../model/vanished';
import type { ApplyAnswer, ExamineAnswer, ExamineInput } from '../api/messages';
import { chooseTemporalAddress, findUp, REACH_TIMEOUT_MS, temporalUnreachable } from './connection';
import { ClientError, isWorkflowNotFound, tellError } from './exit-codes';
import { inTurns } from '../model/in-turns';
import { listRelationships } from './list-relationships';
import { within } from './within';
import { TELLS_ACTOR } from './tells-actor';
import { askCatalog, catalogEntries, statusOfEntry, vanishedError } from './vanished';

/** How often a call that takes long looks whether anybody is there to answer it. */
const WORKER_CHECK_MS = 3000;
/** A worker's long poll comes back within a minute: one that was not seen for longer is gone. */
const GONE_AFTER_MS = 75_000;
const TASK_QUEUE_TYPE = { workflow: 1, activity: 2 } as const;

export interface PollerSeen {
  identity: string;
  lastSeenMs: number;
}

/** What could not be known: of one relationship, or in general. */
export interface Unknown {
  name: string | null;
  why: string;
}

export interface Survey {
  statuses: RelationshipStatus[];
  unknown: Unknown[];
}

export class Temporal {
  private constructor(
    readonly client: Client,
    readonly address: string,
    readonly namespace: string,
  ) {}

  /** @throws ClientError `Unreachable` */
  static async connect(): Promise<Temporal> {
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
    const { address, origin } = chooseTemporalAddress(
      connectionOptions.address,
      findUp(),
      process.env.TIDEMARK_HOME,
    );
    try {
      const connection = await Connection.connect({
        ...connectionOptions,
        address,
        connectTimeout: REACH_TIMEOUT_MS,
      });
      return new Temporal(
        new Client({ connection, namespace, interceptors: { workflow: TELLS_ACTOR } }),
        address,
        namespace,
      );
    } catch (error) {
      throw temporalUnreachable(address, origin, error);
    }
  }

  /** Over a connection that somebody else has opened, and closes. */
  static over(client: Client, address: string): Temporal {
    return new Temporal(client, address, client.options.namespace);
  }

  /** Connects to a Temporal of this machine, whatever the environment says. */
  static async connectTo(address: string): Promise<Temporal> {
    const connection = await Connection.connect({ address, connectTimeout: REACH_TIMEOUT_MS });
    return new Temporal(
      new Client({ connection, interceptors: { workflow: TELLS_ACTOR } }),
      address,
      'default',
    );
  }

  /** Connects, acts, and closes the connection whatever happens. */
  static async use<T>(act: (temporal: Temporal) => Promise<T>): Promise<T> {
    const temporal = await Temporal.connect();
    try {
      return await act(temporal);
    } finally {
      await temporal.client.connection.close();
    }
  }

  /**
   * Sends an update to a relationship and waits for its answer.
   * @param updateId sent again with the same, it joins the first
   */
  async update<Answer>(name: string, update: string, argument?: unknown, updateId?: string): Promise<Answer> {
    const handle = this.client.workflow.getHandle(makeRelationshipId(name));
    try {
      const options = { args: [argument] as [unknown], ...(updateId !== undefined && { updateId }) };
      return await this.whileServed(handle.executeUpdate<Answer, [unknown]>(update, options));
    } catch (error) {
      throw await this.nameIt(name, error);
    }
  }

  /** Creates or changes a relationship. One whose workflow can't go on is started again. */
  async apply(document: Relationship): Promise<ApplyAnswer> {
    const { name } = document.metadata;
    try {
      return await this.startOrChange(document);
    } catch (error) {
      if (!(await this.isStuck(name))) throw error;
      // What is refused changes nothing.
      await this.examineApart(document);
      const reason = "it can't continue; tidemark apply starts it again";
      await this.client.workflow.getHandle(makeRelationshipId(name)).terminate(reason);
      return await this.startOrChange(document);
    }
  }

  /** Its workflow runs, and can't be made to answer. */
  private async isStuck(name: string): Promise<boolean> {
    const handle = this.client.workflow.getHandle(makeRelationshipId(name));
    return await this.whileServed(handle.query('status')).then(
      () => false,
      (error: unknown) => isStuckBy(this.client, name, error),
    );
  }

  private async startOrChange(document: Relationship): Promise<ApplyAnswer> {
    const { name } = document.metadata;
    const start = new WithStartWorkflowOperation('relationship', {
      workflowId: makeRelationshipId(name),
      taskQueue: CONTROL_QUEUE,
      args: [{ name }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: relationshipSummary(document),
      staticDetails: relationshipDetails(name),
      typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.relationship, value: name }],
    });
    return await this.whileServed(
      this.client.workflow.executeUpdateWithStart<() => Promise<void>, ApplyAnswer, [Relationship]>('apply', {
        startWorkflowOperation: start,
        args: [document],
      }),
    );
  }

  /**
   * What `apply` would say of a document now; nothing is changed.
   * @throws what it would be refused for
   */
  async examine(document: Relationship): Promise<ExamineAnswer> {
    const { name } = document.metadata;
    try {
      return await this.update<ExamineAnswer>(name, 'examine', document);
    } catch (error) {
      if (!(error instanceof ClientError) || error.type !== 'NotFound') throw error;
    }
    return await this.examineApart(document);
  }

  /** Of a relationship whose workflow is not there, or does not answer. */
  private async examineApart(document: Relationship): Promise<ExamineAnswer> {
    const { name } = document.metadata;
    const summary = `Checks a spec for ${name}; changes nothing`;
    return await this.runApart<ExamineInput, ExamineAnswer>('examine', name, { name, document }, summary);
  }

  /** Runs a workflow that is no operation of a relationship: it changes nothing, and waits for nobody. */
  async runApart<Input, Answer>(type: string, name: string, input: Input, summary: string): Promise<Answer> {
    return await this.whileServed(
      this.client.workflow.execute<(input: Input) => Promise<Answer>>(type, {
        workflowId: `${type}/${name}/${randomUUID()}`,
        taskQueue: CONTROL_QUEUE,
        args: [input],
        workflowExecutionTimeout: '5m',
        staticSummary: summary,
      }),
    );
  }

  /** Also of one whose workflow was ended though nobody deleted it: as far as anybody still knows. */
  async status(name: string): Promise<RelationshipStatus> {
    const { connection } = this.client;
    const { namespace } = this;
    const live = new Client({
      connection,
      namespace,
      workflow: { queryRejectCondition: 'NOT_COMPLETED_CLEANLY' },
    });
    const handle = live.workflow.getHandle(makeRelationshipId(name));
    try {
      const status = await this.whileServed(handle.query<RelationshipStatus>('status'));
      if (status.phase === 'Retired') throw deleted(name);
      return status;
    } catch (error) {
      const isGone = isWorkflowNotFound(error);
      const isEnded = isGone || saysNoSpec(error) || error instanceof QueryRejectedError;
      const isStuck = !isEnded && (await isStuckBy(this.client, name, error));
      const vanished = isEnded ? await findVanished(this.client, name) : isStuck ? STUCK : undefined;
      const status = vanished && (await this.statusOfVanished(name, vanished));
      if (status) return status;
      throw await this.nameIt(name, error);
    }
  }

  /** What its workflow still answers, or else what the catalog knows; undefined where nobody ever heard of it. */
  private async statusOfVanished(name: string, vanished: Vanished): Promise<RelationshipStatus | undefined> {
    if (vanished.how !== 'lost' && vanished.how !== 'stuck') {
      const handle = this.client.workflow.getHandle(makeRelationshipId(name));
      const status = await this.whileServed(handle.query<RelationshipStatus>('status')).catch(
        () => undefined,
      );
      if (status) return asVanished(status, vanished);
    }
    const entry = (await catalogEntries()).find((each) => each.name === name);
    return entry && statusOfEntry(entry, vanished);
  }

  /**
   * Every relationship that is not deleted, sorted by name: also those that only the catalog knows any more. What
   * could not be known until an instant, in milliseconds since the epoch, is named beside the rest.
   */
  async survey(until: number): Promise<Survey> {
    const unknown: Unknown[] = [];
    const [entries, listed] = await Promise.all([
      within('the catalog', askCatalog(), until).catch((error: unknown) => {
        const { message } = tellError(error);
        const what = 'a relationship that Temporal has forgotten would be missing here';
        unknown.push({ name: null, why: `the catalog can not be asked, so ${what}: ${message}` });
        return [];
      }),
      within('Temporal', this.listed(), until),
    ]);
    const names = [...new Set([...listed, ...entries.map(({ name }) => name)])].sort();
    const found = await inTurns(names, 16, async (name) => {
      try {
        return await within('the control worker', this.statusIfAny(name), until);
      } catch (error) {
        unknown.push({ name, why: tellError(error).message });
        return undefined;
      }
    });
    return { statuses: found.filter((status) => status !== undefined), unknown };
  }

  /** The names of all that run, or have ended without being deleted, as far as Temporal remembers. */
  private async listed(): Promise<string[]> {
    const names: string[] = [];
    const statuses = ['Running', 'Terminated', 'Failed', 'TimedOut', 'Canceled'] as const;
    for await (const { name } of listRelationships(this.client, statuses)) names.push(name);
    return names;
  }

  /** Visibility lags behind: what it lists may be over already, or not have an accepted spec yet. */
  private async statusIfAny(name: string): Promise<RelationshipStatus | undefined> {
    try {
      return await this.status(name);
    } catch (error) {
      if (error instanceof ClientError && error.type === 'NotFound') return undefined;
      if (saysNoSpec(error)) return undefined;
      throw error;
    }
  }

  /** The relationship's Schedule, as Temporal will run it. */
  async schedule(name: string): Promise<ScheduleSeen> {
    try {
      const { info, state } = await this.client.schedule.getHandle(makeScheduleId(name)).describe();
      // Somebody may have paused it in the Temporal UI.
      if (state.paused) return { trouble: 'paused' };
      const nextRun = info.nextActionTimes[0]?.toISOString();
      return nextRun === undefined ? {} : { nextRun };
    } catch (error) {
      if (error instanceof Error && error.name === 'ScheduleNotFoundError') return { trouble: 'missing' };
      throw error;
    }
  }

  /** Who asks for work on a queue, as far as Temporal remembers: some minutes. */
  async pollers(taskQueue: string, type: keyof typeof TASK_QUEUE_TYPE): Promise<PollerSeen[]> {
    const { pollers } = await this.client.workflowService.describeTaskQueue({
      namespace: this.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: TASK_QUEUE_TYPE[type],
    });
    return pollers
      .map(({ identity, lastAccessTime }) => ({
        identity: identity ?? '',
        lastSeenMs: Number(lastAccessTime?.seconds ?? 0) * 1000,
      }))
      .filter(({ lastSeenMs }) => Date.now() - lastSeenMs < GONE_AFTER_MS);
  }

  /** Waits for an answer, but only while there is a control worker to give it. @throws ClientError `Unreachable` */
  private async whileServed<T>(answer: Promise<T>): Promise<T> {
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const unserved = new Promise<never>((_resolve, reject) => {
      const look = async () => {
        const pollers = await this.pollers(CONTROL_QUEUE, 'workflow').catch(() => undefined);
        if (over) return;
        if (pollers?.length === 0) {
          reject(
            new ClientError('Unreachable', `no control worker serves Temporal at ${this.address}`, {
              hint: 'start it: tidemark control, or all in one: tidemark up',
            }),
          );
        } else timer = setTimeout(() => void look(), WORKER_CHECK_MS);
      };
      timer = setTimeout(() => void look(), WORKER_CHECK_MS);
    });
    try {
      return await Promise.race([answer, unserved]);
    } finally {
      over = true;
      clearTimeout(timer);
    }
  }

  private async nameIt(name: string, error: unknown): Promise<unknown> {
    if (await isStuckBy(this.client, name, error)) return vanishedError(name, STUCK);
    if (!isWorkflowNotFound(error)) return error;
    const vanished = await findVanished(this.client, name);
    if (!vanished) return deleted(name);
    const isKnown = vanished.how !== 'lost' || (await catalogEntries()).some((each) => each.name === name);
    if (isKnown) return vanishedError(name, vanished);
    return new ClientError('NotFound', `there is no relationship ${name}`, {
      hint: 'tidemark get lists them all',
    });
  }
}

function deleted(name: string): ClientError {
  return new ClientError('NotFound', `relationship ${name} was deleted`, {
    hint: `its history is still there: tidemark history ${name}`,
  });
}
