/** From any error to the exit code and what is said of it: the one table of the CLI. */
import { decodeFailure, type ToldFailure } from '../model/failure-wire';

/** What a script may rely on. */
export const EXIT_CODES = {
  0: 'done',
  1: 'failed',
  2: 'wrong use: a command, an option or a file is not right',
  3: 'refused by the present state, or there is no such relationship, target or recovery point',
  4: 'Temporal or the control worker does not answer',
  5: 'what was waited for did not come in time',
} as const;

export type ExitCode = keyof typeof EXIT_CODES;

export const TIMED_OUT = 5;

/** Every error type that is not a plain failure. */
const CODE_OF_TYPE: Readonly<Record<string, ExitCode>> = {
  WrongUse: 2,
  InvalidSpec: 2,
  RefusedByState: 3,
  NotFound: 3,
  PointMissing: 3,
  Fenced: 3,
  AlreadyRunning: 3,
  PortTaken: 3,
  Unreachable: 4,
};

/** An error whose text is meant for the person who typed the command. */
export class ClientError extends Error {
  override readonly name = 'ClientError';

  constructor(
    /** `WrongUse`, `NotFound`, `Unreachable`, … or an error type of Tidemark: decides the exit code. */
    readonly type: string,
    message: string,
    readonly more: { hint?: string; problems?: string[]; toolMessage?: string } = {},
    options?: ErrorOptions,
    /** Where it is not the one of its type. */
    readonly exitCode?: ExitCode,
  ) {
    super(message, options);
  }
}

/** What is told of an error, as text or with `-o json` as JSON on stderr. */
export interface Told extends ToldFailure {
  exitCode: ExitCode;
}

export function exitCodeOf(type: string): ExitCode {
  return CODE_OF_TYPE[type] ?? 1;
}

const GRPC = { DEADLINE_EXCEEDED: 4, FAILED_PRECONDITION: 9, UNAVAILABLE: 14, UNAUTHENTICATED: 16 } as const;

const CHECK_WORKERS = 'see whether it runs: tidemark doctor; start it with tidemark up, or tidemark control';

interface AnyError {
  name?: string;
  message?: string;
  type?: string | null;
  details?: unknown;
  code?: unknown;
  cause?: unknown;
}

/** The error and its causes, outermost first. */
function chain(error: unknown): AnyError[] {
  const found: AnyError[] = [];
  for (let each = error; each instanceof Error && found.length < 20; each = each.cause) found.push(each);
  return found;
}

/** Of the SDK. Told by its name: loading the SDK for it would take longer than most commands. */
export const isWorkflowNotFound = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'WorkflowNotFoundError';

/** What the SDK's own errors mean to a user. */
function tellOfService(error: AnyError): Omit<Told, 'exitCode'> | undefined {
  if (isWorkflowNotFound(error)) {
    return {
      type: 'NotFound',
      message: 'there is no such relationship',
      hint: 'tidemark get lists them all',
    };
  }
  if (error.name === 'QueryNotRegisteredError') {
    return { type: 'RefusedByState', message: error.message ?? 'the relationship has no accepted spec yet' };
  }
  if (error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError') {
    return { type: 'Unreachable', message: 'the control worker does not answer', hint: CHECK_WORKERS };
  }
  if (error.code === GRPC.FAILED_PRECONDITION || error.code === GRPC.DEADLINE_EXCEEDED) {
    return {
      type: 'Unreachable',
      message: `the control worker does not answer: ${error.message ?? ''}`,
      hint: CHECK_WORKERS,
    };
  }
  if (error.code === GRPC.UNAVAILABLE || error.code === GRPC.UNAUTHENTICATED) {
    return {
      type: 'Unreachable',
      message: `Temporal does not answer: ${error.message ?? ''}`,
      hint: CHECK_WORKERS,
    };
  }
  return undefined;
}

function tell(error: unknown): Omit<Told, 'exitCode'> {
  if (error instanceof ClientError) return { type: error.type, message: error.message, ...error.more };
  const errors = chain(error);
  const failure = errors.findLast((each) => each.name === 'ApplicationFailure');
  if (failure) return decodeFailure(failure);
  const own = errors.find((each) => each.name === 'TidemarkError');
  if (own) return decodeFailure({ type: own.type, message: own.message, details: [own.details] });
  const cancelled = errors.find(
    (each) => each.name === 'CancelledFailure' || each.name === 'TerminatedFailure',
  );
  if (cancelled) return { type: 'Cancelled', message: 'the operation was cancelled' };
  for (const each of errors) {
    const told = tellOfService(each);
    if (told) return told;
  }
  return { type: 'Unknown', message: error instanceof Error ? error.message : String(error) };
}

/** What to say of an error, and the exit code. */
export function tellError(error: unknown): Told {
  const told = tell(error);
  return { ...told, exitCode: (error instanceof ClientError && error.exitCode) || exitCodeOf(told.type) };
}
