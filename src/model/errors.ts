/**
 * The classified errors of Tidemark.
 *
 * Every error that reaches a user says what failed, on which host and volume, in the tool's own
 * words, and what to do next. Drivers and movers throw {@link TidemarkError}; one interceptor in the
 * agent turns it into Temporal's `ApplicationFailure` with the same `type`.
 */

/** Whether repeating the same step, unchanged, can succeed. */
const RETRYABLE = {
  InvalidSpec: false,
  VolumeMissing: false,
  /** No recovery point is called so, or there is none yet. */
  PointMissing: false,
  NotMounted: false,
  UnsupportedCapture: false,
  AuthRejected: false,
  HostKeyMismatch: false,
  HostUnreachable: true,
  TargetFull: false,
  BaseLost: false,
  Diverged: false,
  Fenced: false,
  ToolMissing: false,
  TransferInterrupted: true,
  SourceChanged: true,
  VerificationFailed: false,
  /** A guard stopped the sync: `tidemark approve` lets the next one through. */
  ApprovalRequired: false,
  HookFailed: false,
  /** Another process holds the volume and could not be ended. */
  VolumeBusy: true,
  /** What a cluster was to make was not there within the limit: the sync ends and says what it waited for. */
  NotReady: false,
  /** Nobody has pushed a whole state yet, or a push is under way or was broken off: the sync comes with the next that is completed. */
  PushAwaited: false,
  /** A tool failed in a way that no table knows. */
  ToolFailed: true,
} as const;

/** The stable `type` of an error; users and tests may match on it. */
export type ErrorType = keyof typeof RETRYABLE;

/** All error types, for documentation and tests. */
export const ERROR_TYPES = Object.keys(RETRYABLE) as ErrorType[];

/** True when repeating the failed step, unchanged, can succeed. */
export function isRetryable(type: ErrorType): boolean {
  return RETRYABLE[type];
}

/** Narrows any string, for example an `ApplicationFailure.type`, to an {@link ErrorType}. */
export function isErrorType(type: unknown): type is ErrorType {
  return typeof type === 'string' && Object.hasOwn(RETRYABLE, type);
}

/** What a user needs to act on an error; travels as the details of an `ApplicationFailure`. */
export interface ErrorDetails {
  /** The host on which it failed. */
  host?: string;
  /** The volume that it concerns, as the spec names it. */
  volume?: string;
  /** What the tool printed, in its own words, shortened to its telling lines. */
  toolMessage?: string;
  /** What to do next: a command where there is one. */
  hint?: string;
  /** No agent answers for the host: its return is worth waiting for. */
  noAgent?: true;
  /** Of a refusal before anything was written: the volume is as it was. */
  changedNothing?: true;
  /** What a cancelled or failed operation had done, and could not undo. */
  notUndone?: string[];
}

/** An error with a stable type and everything that a user needs to act on it. */
export class TidemarkError extends Error {
  override readonly name = 'TidemarkError';

  constructor(
    readonly type: ErrorType,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The error as a person reads it: what failed, where, in the tool's words, what to do next. */
export function describeError(type: string, message: string, details: ErrorDetails = {}): string {
  const where = [details.host && `host ${details.host}`, details.volume && `volume ${details.volume}`]
    .filter(Boolean)
    .join(', ');
  return [
    `${type}: ${message}${where ? ` (${where})` : ''}`,
    details.toolMessage && `  ${details.toolMessage.trimEnd().replaceAll('\n', '\n  ')}`,
    details.hint && `  What to do: ${details.hint}`,
  ]
    .filter(Boolean)
    .join('\n');
}
