/** Has every message to a relationship say who sends it. */
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import { ACTOR_HEADER } from '../model/actor';
import { whoActs } from './act-as';

function withActor(headers: Headers): Headers {
  const actor = whoActs();
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
