/** Says in every message to a relationship who sends it, and why. */
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import { AsyncLocalStorage } from 'node:async_hooks';
import { ACTOR_HEADER, type Actor } from '../model/actor';

const acting = new AsyncLocalStorage<Actor>();
let ofProcess: Actor | undefined;

/** Every message that is sent within is this actor's. */
export function actAs<T>(actor: Actor, act: () => T): T {
  return acting.run(actor, act);
}

/** Of all that this process sends outside of {@link actAs}: for a process that has one user. */
export function actAlwaysAs(actor: Actor): void {
  ofProcess = actor;
}

function withActor(headers: Headers): Headers {
  const actor = acting.getStore() ?? ofProcess;
  if (!actor) return headers;
  return { ...headers, [ACTOR_HEADER]: defaultPayloadConverter.toPayload(actor) };
}

/** For every client of Temporal that sends messages to relationships. */
export const TELLS_ACTOR: WorkflowClientInterceptor[] = [
  {
    startUpdate: (input, next) => next({ ...input, headers: withActor(input.headers) }),
    startUpdateWithStart: (input, next) => next({ ...input, updateHeaders: withActor(input.updateHeaders) }),
    signal: (input, next) => next({ ...input, headers: withActor(input.headers) }),
  },
];
