import type { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import type { Logger } from 'pino';
import { isOutOfRoom } from '../hosts/out-of-room';
import { isRetryable, TidemarkError } from '../model/errors';
import { encodeStep } from '../model/failure-wire';
import { progressOf } from './host/progress';
import type { Turns } from './turns';

/** Often enough for live progress; the worker throttles what goes over the wire. */
const HEARTBEAT_EVERY_MS = 1000;
/** Of what waits for others, often for days, and beside hundreds of its kind. */
const WAITING_HEARTBEAT_MS = 4000;

/**
 * Unknown trouble with a tool of a host is worth one more try, not a dozen. What the control worker
 * meets is its database or Temporal being away: tried again for as long as the workflow allows.
 */
const TOOL_FAILED_ATTEMPTS = 2;

/** A file of the agent's, or of a volume's, for which there is no room: Node tells by a code, and so does a host over SSH. */
function findFull(error: unknown, host: string | undefined): TidemarkError | undefined {
  if (host === undefined || !isOutOfRoom(error)) return undefined;
  const { path, message } = error as NodeJS.ErrnoException;
  const details = error instanceof TidemarkError ? error.details : { toolMessage: message };
  return new TidemarkError(
    'TargetFull',
    path === undefined ? message : `there is no room left for ${path}`,
    {
      host,
      ...(path !== undefined && { volume: path }),
      hint: 'free space on its filesystem (df -h), or inodes (df -i)',
      ...details,
    },
    { cause: error },
  );
}

/** A file that the agent's user may not read, make or change. */
function findDenied(error: unknown, host: string | undefined): TidemarkError | undefined {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (host === undefined || path === undefined || (code !== 'EACCES' && code !== 'EPERM')) return undefined;
  const who = `the agent's user there, number ${process.getuid?.() ?? '?'}`;
  return new TidemarkError(
    'ToolFailed',
    `permission denied: ${path}`,
    { host, toolMessage: message, hint: `give ${who}, the right to it, or run the agent as root` },
    { cause: error },
  );
}

/** Turns any error of an activity into what Temporal records: type, text, details, and whether to retry. */
export function toApplicationFailure(thrown: unknown, attempt: number, host: string | undefined): Error {
  if (thrown instanceof CancelledFailure || thrown instanceof ApplicationFailure) return thrown;
  const isClassified = thrown instanceof TidemarkError && thrown.type !== 'ToolFailed';
  const error = (isClassified ? undefined : (findFull(thrown, host) ?? findDenied(thrown, host))) ?? thrown;
  const isEnough = host !== undefined && attempt >= TOOL_FAILED_ATTEMPTS;
  if (error instanceof TidemarkError) {
    const giveUp = error.type === 'ToolFailed' && isEnough;
    const told = { type: error.type, message: error.message, ...(host && { host }), ...error.details };
    const nonRetryable = !isRetryable(error.type) || giveUp;
    return ApplicationFailure.create({ ...encodeStep(told, { attempt, nonRetryable }), cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  const told = { type: 'Unknown', message, ...(host && { host }) };
  const wire = encodeStep(told, { attempt, nonRetryable: isEnough });
  return ApplicationFailure.create({ ...wire, ...(error instanceof Error && { cause: error }) });
}

/** One heartbeat timer, one log line and one error classifier for every activity. */
export class ActivityInterceptor implements ActivityInboundCallsInterceptor {
  constructor(
    private readonly context: Context,
    private readonly log: Logger,
    private readonly agent?: { host: string; turns: Turns },
  ) {}

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const { activityType, attempt, workflowExecution, heartbeatTimeoutMs } = this.context.info;
    const [first] = input.args as [
      {
        claim?: { relationship: string };
        id?: { relationship: string };
        relationship?: string;
        syncId?: string;
        mover?: { push?: object };
      }?,
    ];
    const log = this.log.child({
      step: activityType,
      relationship: first?.claim?.relationship ?? first?.id?.relationship ?? first?.relationship,
      syncId: first?.syncId,
      attempt,
      workflowId: workflowExecution?.workflowId,
    });
    // It carries nothing: somebody else does, whenever they please, and nobody is to wait for a turn meanwhile.
    const isWaiting = activityType === 'transfer' && first?.mover?.push !== undefined;
    const started = performance.now();
    const beat = heartbeatTimeoutMs
      ? setInterval(
          () => this.context.heartbeat(progressOf(this.context)),
          isWaiting ? WAITING_HEARTBEAT_MS : HEARTBEAT_EVERY_MS,
        )
      : undefined;
    try {
      const { cancellationSignal } = this.context;
      const work = () => next(input);
      const result = await (this.agent && !isWaiting
        ? this.agent.turns.run(activityType, cancellationSignal, work)
        : work());
      log.info({ durationMs: Math.round(performance.now() - started) }, `${activityType} done`);
      return result;
    } catch (error) {
      const failure = toApplicationFailure(error, attempt, this.agent?.host);
      if (failure instanceof CancelledFailure)
        log.info({ reason: failure.message }, `${activityType} cancelled`);
      else
        log.warn(
          { err: error, type: (failure as ApplicationFailure).type },
          `${activityType} failed: ${failure.message}`,
        );
      throw failure;
    } finally {
      clearInterval(beat);
    }
  }
}
