/** Who has sent the message that is being handled, however far what it began has come. */
import { AsyncLocalStorage, defaultPayloadConverter } from '@temporalio/workflow';
import type { Headers } from '@temporalio/common';
import { ACTOR_HEADER, type Actor, SOMEBODY, toActor } from '../model/actor';

const acting = new AsyncLocalStorage<Actor>();

function actorIn(headers: Headers): Actor {
  const payload = headers[ACTOR_HEADER];
  if (!payload) return SOMEBODY;
  try {
    return toActor(defaultPayloadConverter.fromPayload(payload));
  } catch {
    // Anybody may write anything there.
    return SOMEBODY;
  }
}

/** Handles a message as its sender's. */
export function asSender<T>(headers: Headers, handle: () => T): T {
  return acting.run(actorIn(headers), handle);
}

/** Undefined where nobody has asked: what a relationship does by itself. */
export function currentActor(): Actor | undefined {
  return acting.getStore();
}
