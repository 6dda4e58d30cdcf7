/** The steps of an operation in their order, as Temporal keeps them in its history. */
import type { temporal } from '@temporalio/proto';
import type { Temporal } from './temporal-client';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type WireFailure = temporal.api.failure.v1.IFailure;

export interface Step {
  startedAt: string;
  /** Null: it runs, or waits for an agent. */
  endedAt: string | null;
  /** In words, as the Temporal UI shows it. */
  what: string;
  /** Where it ran; null for what the control worker does, and for what waits. */
  host: string | null;
  result: 'succeeded' | 'failed' | 'cancelled' | null;
  attempts: number;
  error: string | null;
  /** Of an operation within: its workflow. */
  workflowId: string | null;
  steps: Step[];
}

/** What an operation within did, by its workflow id. */
type ReadChild = (workflowId: string) => Promise<Step[]>;

interface Stamp {
  seconds?: unknown;
  nanos?: number | null;
}

function instantOf({ eventTime }: { eventTime?: Stamp | null }): string {
  return new Date(Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6).toISOString();
}

/** Payloads are JSON, all of ours. */
function textIn(data: Uint8Array | null | undefined): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(data ?? []).toString('utf8'));
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `TargetFull: no space left`: the innermost says it. */
function tellFailure(failure: WireFailure | null | undefined): string {
  if (failure?.cause) return tellFailure(failure.cause);
  const type = failure?.applicationFailureInfo?.type;
  return [type, failure?.message].filter(Boolean).join(': ');
}

const HOST_QUEUE = /^host\/(.+)$/;

class StepReader {
  readonly steps: Step[] = [];
  private readonly byEvent = new Map<string, Step>();

  constructor(private readonly readChild: ReadChild) {}

  private begin(event: HistoryEvent, what: string, more: Partial<Step> = {}): void {
    const step: Step = {
      ...{
        startedAt: instantOf(event),
        endedAt: null,
        what: textIn(event.userMetadata?.summary?.data) ?? what,
      },
      ...{ host: null, result: null, attempts: 0, error: null, workflowId: null, steps: [], ...more },
    };
    this.steps.push(step);
    this.byEvent.set(String(event.eventId), step);
  }

  private end(
    event: HistoryEvent,
    began: unknown,
    result: Step['result'],
    failure?: WireFailure | null,
  ): void {
    const step = this.byEvent.get(String(began));
    if (!step) return;
    Object.assign(step, { endedAt: instantOf(event), result, error: failure ? tellFailure(failure) : null });
  }

  async read(event: HistoryEvent): Promise<void> {
    const { activityTaskScheduledEventAttributes: scheduled, activityTaskStartedEventAttributes: started } =
      event;
    if (scheduled) {
      const host = HOST_QUEUE.exec(scheduled.taskQueue?.name ?? '')?.[1] ?? null;
      this.begin(event, scheduled.activityType?.name ?? 'a step', { host });
    }
    const step = started && this.byEvent.get(String(started.scheduledEventId));
    if (step) step.attempts = started.attempt ?? 1;
    this.endActivity(event);
    await this.readOthers(event);
  }

  private endActivity(event: HistoryEvent): void {
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed) this.end(event, completed.scheduledEventId, 'succeeded');
    const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    if (failed) this.end(event, failed.scheduledEventId, 'failed', failed.failure);
    const cancelled = event.activityTaskCanceledEventAttributes;
    if (cancelled) this.end(event, cancelled.scheduledEventId, 'cancelled');
  }

  private async readOthers(event: HistoryEvent): Promise<void> {
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
    if (child) {
      const workflowId = child.workflowId ?? '';
      this.begin(event, workflowId, { workflowId, steps: await this.readChild(workflowId) });
    }
    const ended = event.childWorkflowExecutionCompletedEventAttributes;
    if (ended) this.end(event, ended.initiatedEventId, 'succeeded');
    const failed = event.childWorkflowExecutionFailedEventAttributes;
    if (failed) this.end(event, failed.initiatedEventId, 'failed', failed.failure);
    const cancelled = event.childWorkflowExecutionCanceledEventAttributes;
    if (cancelled) this.end(event, cancelled.initiatedEventId, 'cancelled');
    const timer = event.timerStartedEventAttributes;
    if (timer) this.begin(event, 'a timer');
    const fired = event.timerFiredEventAttributes;
    if (fired) this.end(event, fired.startedEventId, 'succeeded');
    const stopped = event.timerCanceledEventAttributes;
    if (stopped) this.end(event, stopped.startedEventId, 'cancelled');
  }
}

/** Of a history's events, in their order. */
export async function stepsOf(events: readonly HistoryEvent[], readChild: ReadChild): Promise<Step[]> {
  const reader = new StepReader(readChild);
  for (const event of events) await reader.read(event);
  return reader.steps;
}

/** @throws WorkflowNotFoundError where Temporal has no such workflow any more */
export async function readSteps({ client }: Temporal, workflowId: string): Promise<Step[]> {
  const readOne = async (id: string): Promise<Step[]> => {
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    return await stepsOf(events ?? [], (child) => readOne(child).catch(() => []));
  };
  return await readOne(workflowId);
}
