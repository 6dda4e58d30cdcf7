import type { ErrorDetails } from './errors';
import { describeError } from './errors';
import type { Failure } from './records';

/** The failure as one text for people, with where it happened, the tool's words and what to do. */
export function describeFailure(failure: Failure): string {
  const { type, message, ...details } = failure;
  return describeError(type, message, details);
}

/** The same in one line, for whoever is told elsewhere where it happened. */
export function inOneLine({
  message,
  toolMessage,
  hint,
}: Pick<Failure, 'message' | 'toolMessage' | 'hint'>): string {
  const words = toolMessage?.trim().replaceAll(/\s*\n\s*/g, ' / ');
  return `${message}${words ? `: ${words}` : ''}${hint === undefined ? '' : `; ${hint}`}`;
}

/** A failure of a step on a host that no agent speaks for. */
export function noAgentFailure(host: string): Failure {
  return {
    type: 'HostUnreachable',
    message: `no agent answers for host ${host}`,
    host,
    noAgent: true,
    hint: `start it there: tidemark agent --host ${host}; the work resumes by itself once it is back`,
  };
}

/** True where the failure says that a host has no agent, so that its return is worth waiting for. */
export function isMissingAgent(failure: Failure | undefined): boolean {
  return failure?.noAgent === true;
}

/** Builds a failure from an error's type, message and details, leaving out what is absent. */
export function makeFailure(type: Failure['type'], message: string, details: ErrorDetails = {}): Failure {
  return { type, message, ...details };
}
