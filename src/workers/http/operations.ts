/** Relationships and their operations as HTTP sees them: asked of Temporal. */
import { actAs } from '../../client/act-as';
import { ClientError, isWorkflowNotFound, tellError } from '../../client/exit-codes';
import { readRunning, sumProgress } from '../../client/follow';
import { operationResult } from '../../client/operation-result';
import { workflowPage } from '../../client/workflow-page';
import type { Temporal } from '../../client/temporal-client';
import type { Action, ActionAnswer, OperationView } from '../../api/operation-view';
import { inTurns } from '../../model/in-turns';
import { OPERATION_ID } from '../../model/names';
import type { Actor } from '../../model/actor';
import type { Price } from '../../model/price';
import type { Operation, OperationKind, RelationshipStatus } from '../../model/status';
import { settlesWithin } from '../fleet/settles-within';
import type { FleetSource } from '../fleet/fleet';

export interface OperationsSource {
  /** Asked of the relationship itself. @throws ClientError */
  status(name: string): Promise<RelationshipStatus>;
  price(name: string, request: { target?: string | undefined; pointId?: string | undefined }): Promise<Price>;
  /** Those that run, as relationships have told; of the first some with their progress. */
  running(relationship?: string): Promise<OperationView[]>;
  /** @throws ClientError `NotFound` */
  operation(workflowId: string): Promise<OperationView>;
  act(name: string, action: Action, argument: object, by: Actor, key?: string): Promise<ActionAnswer>;
  /** The page of a workflow in the Temporal UI. */
  pageOf(workflowId: string): string | null;
}

/** An operation that may begin only once another has ended: whoever asked is told that it waits. */
const WAIT_MS = 20_000;
/** Reading progress takes a call of Temporal each. */
const MOST_WITH_PROGRESS = 50;
const AT_ONCE = 8;

interface Parsed {
  relationship: string;
  kind: OperationView['kind'];
}

function parseId(workflowId: string): Parsed {
  const match = OPERATION_ID.exec(workflowId);
  if (match) return { relationship: match[1] as string, kind: match[2] as OperationKind };
  throw new ClientError('NotFound', `there is no operation ${workflowId}`, {
    hint: 'GET /v1/operations has those that run',
  });
}

export class TemporalOperations implements OperationsSource {
  constructor(
    private readonly temporal: Temporal,
    private readonly fleet: FleetSource,
    private readonly uiAddress?: string,
  ) {}

  status(name: string): Promise<RelationshipStatus> {
    return this.temporal.status(name);
  }

  price(name: string, request: object): Promise<Price> {
    return this.temporal.update<Price>(name, 'price', request);
  }

  pageOf(workflowId: string): string | null {
    return this.uiAddress === undefined
      ? null
      : workflowPage(this.uiAddress, this.temporal.namespace, workflowId);
  }

  async running(relationship?: string): Promise<OperationView[]> {
    const { states } = await this.fleet.now();
    const all = [...states.values()].filter(
      ({ name, vanished }) => vanished === null && (relationship === undefined || name === relationship),
    );
    const views = all.flatMap(({ status }) => this.viewsOf(status));
    const shown = views.slice(0, MOST_WITH_PROGRESS);
    const withProgress = await inTurns(shown, AT_ONCE, async (view) => ({
      ...view,
      progress: await this.progressOf(view.workflowId),
    }));
    return [...withProgress, ...views.slice(MOST_WITH_PROGRESS)];
  }

  private viewsOf({ name, operation, fetches = [], drill }: RelationshipStatus): OperationView[] {
    const running: (Omit<Operation, 'kind' | 'reason'> & Pick<OperationView, 'kind'>)[] = [
      ...(operation ? [operation] : []),
      ...fetches,
      ...(drill ? [{ ...drill, kind: 'drill' as const }] : []),
    ];
    return running.map(({ workflowId, kind, startedAt, phase, waiting, targets }) => ({
      ...{ workflowId, relationship: name, kind, state: 'running', startedAt, endedAt: null },
      ...{ phase: phase ?? null, waiting: waiting ?? null, targets: targets ?? null },
      ...{ progress: null, failure: null, ui: this.pageOf(workflowId) },
    }));
  }

  /** It may have ended meanwhile: then nothing is known of its progress. */
  private async progressOf(workflowId: string): Promise<OperationView['progress']> {
    const running = await readRunning(this.temporal, workflowId).catch(() => []);
    return sumProgress(running) ?? null;
  }

  async operation(workflowId: string): Promise<OperationView> {
    const parsed = parseId(workflowId);
    const handle = this.temporal.client.workflow.getHandle(workflowId);
    const seen = await handle.describe().catch((error: unknown) => {
      if (!isWorkflowNotFound(error)) throw error;
      throw new ClientError('NotFound', `Temporal has no operation ${workflowId}, or not any more`, {
        hint: `GET /v1/relationships/${parsed.relationship}/events has what came of it`,
      });
    });
    const view: OperationView = {
      ...{ workflowId, ...parsed, state: 'running', startedAt: seen.startTime.toISOString() },
      ...{ endedAt: seen.closeTime?.toISOString() ?? null, phase: null, waiting: null, targets: null },
      ...{ progress: null, failure: null, ui: this.pageOf(workflowId) },
    };
    if (seen.status.name !== 'RUNNING') return { ...view, ...(await this.resultOf(workflowId)) };
    // What it says of itself, its relationship has told.
    const { states } = await this.fleet.now();
    const told = states.get(parsed.relationship)?.status;
    const own = told && this.viewsOf(told).find((each) => each.workflowId === workflowId);
    return { ...view, ...own, progress: await this.progressOf(workflowId) };
  }

  private async resultOf(workflowId: string): Promise<Pick<OperationView, 'state' | 'failure'>> {
    try {
      await operationResult(this.temporal, workflowId);
      return { state: 'succeeded', failure: null };
    } catch (error) {
      const { type, message, hint } = tellError(error);
      const failure = { type: type as never, message, ...(hint !== undefined && { hint }) };
      return { state: type === 'Cancelled' ? 'cancelled' : 'failed', failure };
    }
  }

  async act(name: string, action: Action, argument: object, by: Actor, key?: string): Promise<ActionAnswer> {
    const asked = actAs(by, () =>
      this.temporal.update<{ workflowId?: string } | undefined>(name, action, argument, key),
    );
    if (!(await settlesWithin(asked, WAIT_MS))) {
      // Nobody waits for it any more, and it goes on.
      asked.catch(() => undefined);
      return { operation: null, pending: true, answer: null };
    }
    const answer = await asked;
    return { operation: answer?.workflowId ?? null, pending: false, answer: answer ?? null };
  }
}

const NOBODY = new ClientError('Unreachable', 'nobody can ask relationships here');

/** Relationships can't be asked. */
export const NO_OPERATIONS: OperationsSource = {
  status: () => Promise.reject(NOBODY),
  price: () => Promise.reject(NOBODY),
  running: () => Promise.resolve([]),
  operation: () => Promise.reject(NOBODY),
  act: () => Promise.reject(NOBODY),
  pageOf: () => null,
};
