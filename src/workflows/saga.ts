import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { encodeFailure } from '../model/failure-wire';
import { describeApprovals } from '../model/approvals';
import { describeFailure, isMissingAgent } from '../model/failure';
import type { Failure } from '../model/records';
import { isErrorType, isRetryable } from '../model/errors';
import type { OperationNews } from '../model/operation-news';
import { renderSagaDetails } from '../model/saga-details';
import type { SagaPhase } from '../model/saga-details';
import type { Waiting } from '../model/status';
import { approveSignal, operationNewsSignal, resumeSignal } from '../api/messages';
import { onHost, StepFailed, toFailure } from './steps';

/** What the workflow ends with: cancelled, where somebody wanted that and nothing is left to be told. */
function asFailure({ failure }: StepFailed, notUndone: readonly Failure[]): Error {
  const [first] = notUndone;
  if (failure.type === 'Cancelled' && !first) return new CancelledFailure('cancelled');
  const { type } = failure.type === 'Cancelled' && first ? first : failure;
  const message = [failure.message, ...notUndone.map((each) => `not undone: ${each.message}`)].join('; ');
  const undone = notUndone.length === 0 ? {} : { notUndone: notUndone.map((each) => each.message) };
  return ApplicationFailure.create(encodeFailure({ ...failure, ...undone, type, message }, message));
}

/** A parked step that may succeed by itself is tried again after so long, then twice as long, up to a limit. */
const FIRST_RETRY_MS = 30_000;
const LAST_RETRY_MS = 15 * 60_000;

interface Step<T> {
  /** Its name: what people see. */
  phase: string;
  /** What it is about, in words. */
  text: string;
  host: string;
  volume?: string;
  act: () => Promise<T>;
  /** Registered before the step acts, so that half of a step is undone too. Idempotent. */
  undo?: () => Promise<unknown>;
}

function isTransient(failure: Failure): boolean {
  return isErrorType(failure.type) && isRetryable(failure.type);
}

/**
 * An operation of named phases. Until `finish`, cancelling it undoes what was done, newest first; from
 * there on it goes forward as far as it can. A step that can't proceed parks: it says what it needs, and
 * goes on when asked, or by itself where the cause may go away. Cancelled while it is parked, it ends.
 */
export class Saga {
  private readonly undos: (() => Promise<unknown>)[] = [];
  private readonly phases: SagaPhase[] = [];
  private readonly approvers: string[] = [];
  /** The relationship knows its new primary: nothing may be undone any more. */
  private hasTakenOver = false;
  /** Somebody has cancelled it after all: it waits for nobody any more. */
  private isGivenUp = false;
  private wasResumed = false;

  /**
   * @param title what the operation is for, in Markdown
   * @param parks whether a step that fails before a takeover waits for help; otherwise all is undone at once
   */
  constructor(
    private readonly title: () => string[],
    private readonly parks: boolean,
  ) {
    setHandler(resumeSignal, () => {
      this.wasResumed = true;
    });
    setHandler(approveSignal, (request) => {
      const by = typeof request?.by === 'string' ? request.by : 'unknown';
      if (!this.approvers.includes(by)) this.approvers.push(by);
    });
    this.show();
  }

  /** Runs the phases. Whatever ends them before a takeover undoes what they did. */
  async run<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      const notUndone = this.hasTakenOver ? [] : await CancellationScope.nonCancellable(() => this.undoAll());
      // Any other error would fail the workflow's task, which Temporal repeats for ever.
      if (error instanceof StepFailed) throw asFailure(error, notUndone);
      throw notUndone.length > 0 ? asFailure(new StepFailed(toFailure(error, '')), notUndone) : error;
    }
  }

  /** What `body` does is not interrupted, whoever cancels. */
  async finish<T>(body: () => Promise<T>): Promise<T> {
    const scope = CancellationScope.current();
    if (scope.consideredCancelled) throw new CancelledFailure('cancelled');
    scope.cancelRequested.catch(() => {
      this.isGivenUp = true;
    });
    return await CancellationScope.nonCancellable(body);
  }

  /** One named phase. @throws StepFailed where it neither succeeds nor parks. */
  async step<T>({ phase, text, host, volume, act, undo }: Step<T>): Promise<T> {
    if (undo) this.undos.push(undo);
    const shown: SagaPhase = { phase, text, state: 'running' };
    this.phases.push(shown);
    await this.tell({ phase });
    for (let tries = 0; ; tries++) {
      try {
        const result = await act();
        shown.state = 'done';
        this.show();
        return result;
      } catch (error) {
        const failure = error instanceof StepFailed ? error.failure : toFailure(error, host, volume);
        shown.state = 'failed';
        shown.failure = failure;
        if (failure.type === 'Cancelled' || (!this.parks && !this.hasTakenOver)) throw error;
        await this.park(phase, failure, tries);
        shown.state = 'running';
        delete shown.failure;
      }
    }
  }

  /** Adds to the words of the phase that runs. */
  say(text: string): void {
    const last = this.phases.at(-1);
    if (last) last.text = text;
    this.show();
  }

  /** Waits until so many people, each by a name of their own, have approved. */
  async approvals(needed: number, what: string): Promise<string[]> {
    if (needed === 0) return [];
    const shown: SagaPhase = { phase: 'WaitingForApproval', text: what, state: 'running' };
    this.phases.push(shown);
    while (this.approvers.length < needed) {
      const approvals = { what, needed, by: [...this.approvers] };
      const waiting = this.waitFor('approve', `${what}: ${describeApprovals(approvals)}`);
      await this.tell({ phase: 'WaitingForApproval', waiting: { ...waiting, approvals } });
      const before = this.approvers.length;
      await condition(() => this.approvers.length > before);
    }
    shown.state = 'done';
    shown.text = `${what}: approved by ${this.approvers.join(', ')}`;
    await this.tell({ waiting: null });
    return this.approvers;
  }

  /** Tells the relationship, which shows it, and remembers what must not be forgotten. */
  async tell(news: Omit<OperationNews, 'workflowId'>): Promise<void> {
    this.show();
    if (news.takeover) this.hasTakenOver = true;
    const { parent, workflowId } = workflowInfo();
    if (!parent) return;
    try {
      await getExternalWorkflowHandle(parent.workflowId).signal(operationNewsSignal, { workflowId, ...news });
    } catch (error) {
      // Nobody is left to be told where the relationship was terminated: what was done is undone all the same.
      if (isCancellation(error)) throw error;
    }
  }

  private waitFor(what: Waiting['for'], text: string): Waiting {
    return { for: what, text, since: new Date().toISOString() };
  }

  private async park(phase: string, failure: Failure, tries: number): Promise<void> {
    if (this.isGivenUp) throw new StepFailed(failure);
    this.wasResumed = false;
    const waiting = this.waitFor('resume', `${phase}: ${describeFailure(failure)}`);
    await this.tell({ phase, waiting });
    const resumed = () => this.wasResumed || this.isGivenUp;
    if (isMissingAgent(failure) && failure.host !== undefined) await this.untilBack(failure.host, resumed);
    else if (isTransient(failure))
      await condition(resumed, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** tries));
    else await condition(resumed);
    await this.tell({ phase, waiting: null });
    if (this.isGivenUp) throw new StepFailed(failure);
  }

  /** A `ping` waits in the host's queue, however long it is away. */
  private async untilBack(host: string, resumed: () => boolean): Promise<void> {
    const scope = new CancellationScope();
    const back = scope.run(() =>
      onHost(host, `Wait for the agent of ${host}`, {
        scheduleToStartTimeout: '3650d',
        startToCloseTimeout: '1m',
      }).ping(),
    );
    try {
      await Promise.race([back, condition(resumed)]);
    } finally {
      scope.cancel();
      await back.catch(() => undefined);
    }
  }

  /** @returns what could not be undone */
  private async undoAll(): Promise<Failure[]> {
    if (this.undos.length === 0) return [];
    const failures: Failure[] = [];
    this.phases.push({ phase: 'Undoing', text: 'putting everything back as it was', state: 'running' });
    await this.tell({ phase: 'Undoing', waiting: null });
    for (const undo of this.undos.reverse()) {
      try {
        await undo();
      } catch (error) {
        const failure = error instanceof StepFailed ? error.failure : toFailure(error, '');
        failures.push(failure);
        this.phases.push({ phase: 'Undoing', text: `not undone: ${failure.message}`, state: 'failed' });
      }
    }
    this.show();
    return failures;
  }

  private show(): void {
    setCurrentDetails(renderSagaDetails(this.title(), this.phases));
  }
}
