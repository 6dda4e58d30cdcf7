/**
 * How a failure crosses Temporal: encoded where something fails, decoded where somebody is told. The first detail of an
 * `ApplicationFailure` is what is told. Without the SDK, since most commands do without it. Pure.
 */
import type { ErrorDetails } from './errors';
import { describeFailure } from './failure';
import type { SyncRecord } from './records';

/** What is told of a failure. */
export interface ToldFailure extends ErrorDetails {
  /** An `ErrorType`, `Unknown`, `Cancelled`, or what only a front door knows: `RefusedByState`, `NotFound`. */
  type: string;
  message: string;
  /** Of a spec: everything that is wrong with it. */
  problems?: string[];
}

/** What `ApplicationFailure.create` takes. */
export interface WireFailure {
  type: string;
  message: string;
  details: unknown[];
  nonRetryable: boolean;
}

/**
 * A failure that repeating would not mend.
 * @param text what the Temporal UI shows; by default the message, with the hint
 */
export function encodeFailure(told: ToldFailure, text?: string): WireFailure {
  const { type, message, hint } = told;
  return {
    type,
    message: text ?? (hint === undefined ? message : `${message}; ${hint}`),
    details: [told],
    nonRetryable: true,
  };
}

/** Of a sync that did not succeed: its whole record travels with it. */
export function encodeRecord(record: SyncRecord): WireFailure {
  const failure = record.failure ?? record.targets.find((target) => target.failure)?.failure;
  return {
    type: record.result === 'partial' ? 'PartialSync' : (failure?.type ?? 'Unknown'),
    message: failure ? describeFailure(failure) : 'the sync failed',
    details: [record],
    nonRetryable: true,
  };
}

/** Of a step: with its number of attempts, which only its agent knows. */
export function encodeStep(
  { type, message, ...details }: ToldFailure,
  { attempt, nonRetryable }: { attempt: number; nonRetryable: boolean },
): WireFailure {
  return { type, message, nonRetryable, details: [details, { attempt }] };
}

interface Received {
  type?: string | null | undefined;
  message?: string | undefined;
  details?: unknown;
}

const firstOf = ({ details }: Received): unknown =>
  Array.isArray(details) ? (details as unknown[])[0] : undefined;

export function decodeFailure(received: Received): ToldFailure {
  const told = (firstOf(received) ?? {}) as Partial<ToldFailure>;
  const { host, volume, toolMessage, hint, noAgent, changedNothing, notUndone, problems } = told;
  return {
    type: received.type ?? 'Unknown',
    // What stands in Temporal may have the hint in its text too.
    message: told.message ?? received.message ?? '',
    ...(host !== undefined && { host }),
    ...(volume !== undefined && { volume }),
    ...(toolMessage !== undefined && { toolMessage }),
    ...(hint !== undefined && { hint }),
    ...(noAgent && { noAgent }),
    ...(changedNothing && { changedNothing }),
    ...(notUndone !== undefined && { notUndone }),
    ...(problems !== undefined && { problems }),
  };
}

/** The record of a sync that did not succeed; undefined where it could not make one. */
export function decodeRecord(received: Received): SyncRecord | undefined {
  const record = firstOf(received) as Partial<SyncRecord> | undefined;
  return record?.syncId === undefined ? undefined : (record as SyncRecord);
}

/** How many attempts a step has taken. */
export function decodeAttempts({ details }: Received): number {
  const second = Array.isArray(details) ? (details[1] as { attempt?: number } | undefined) : undefined;
  return second?.attempt ?? 1;
}
