import { Trigger } from '@temporalio/workflow';
import type { Actor } from '../model/actor';
import type { Turn } from '../model/fetches';
import { isByClock } from '../model/hub';
import type { SyncRecord } from '../model/records';
import type {
  FailoverRequest,
  RelocateRequest,
  RestoreRequest,
  ReverseRequest,
  VerifyRequest,
} from '../api/messages';
import { currentActor } from './actor';

/** What is known of an operation once it has started. */
export interface Started {
  workflowId: string;
  syncId?: string;
}

interface Promised<Ended> {
  /** Who asked for it. Undefined: nobody, the relationship does it by itself. */
  actor: Actor | undefined;
  started: Trigger<Started>;
  ended: Trigger<Ended>;
}

export type SyncWant = { kind: 'sync'; reason: SyncRecord['reason']; targets: string[] } & Promised<{
  record: SyncRecord;
}>;
export type VerifyWant = { kind: 'verify'; request: VerifyRequest } & Promised<void>;
export type RestoreWant = { kind: 'restore'; request: RestoreRequest } & Promised<void>;
export type FailoverWant = {
  kind: 'failover';
  request: FailoverRequest & { target: string };
} & Promised<void>;
export type RelocateWant = {
  kind: 'relocate';
  request: RelocateRequest & { target: string };
} & Promised<void>;
export type ReverseWant = { kind: 'reverse'; request: ReverseRequest } & Promised<void>;
/** The old primary's host is back: it is to be told that it is no longer primary. */
export type FenceWant = { kind: 'fence' } & Promised<void>;
export type SwitchWant = FailoverWant | RelocateWant | ReverseWant;
export type RetireWant = { kind: 'retire' } & Promised<void>;
export type Want = SyncWant | VerifyWant | RestoreWant | SwitchWant | FenceWant | RetireWant;

/** A promise that nobody may be waiting for: its rejection must not fail the workflow. */
function makeTrigger<T>(): Trigger<T> {
  const trigger = new Trigger<T>();
  trigger.then(undefined, () => undefined);
  return trigger;
}

/** Asked for by whoever has sent the message that is being handled. */
const promised = <Ended>(): Promised<Ended> => ({
  actor: currentActor(),
  started: makeTrigger<Started>(),
  ended: makeTrigger<Ended>(),
});

/** A sync that is no matter of the queue. */
export const makeSyncWant = (reason: SyncRecord['reason'], targets: string[]): SyncWant => ({
  ...{ kind: 'sync', reason, targets, ...promised() },
});

/** What a pause holds back: it waits until that has ended. */
function isHeld({ kind }: Want, paused: boolean): boolean {
  return paused && (kind === 'sync' || kind === 'verify');
}

/** Operations that are asked for and have not started: in order, syncs merged. */
export class WantQueue {
  private readonly queue: Want[] = [];

  /** @param turnOf whether one may run beside what runs */
  constructor(private readonly turnOf: (want: Want) => Turn = () => 'now') {}

  isEmpty(): boolean {
    return this.queue.length === 0;
  }

  /** Something may start now. */
  hasNext(paused: boolean): boolean {
    return this.next(paused) !== undefined;
  }

  /** The next that may start now. */
  take(paused: boolean): Want | undefined {
    const next = this.next(paused);
    if (next) this.queue.splice(this.queue.indexOf(next), 1);
    return next;
  }

  /** Nothing may pass what waits. */
  isBlocked(): boolean {
    return this.queue.some((want) => this.turnOf(want) === 'blocks');
  }

  private next(paused: boolean): Want | undefined {
    for (const want of this.queue) {
      if (isHeld(want, paused)) continue;
      const turn = this.turnOf(want);
      if (turn === 'now') return want;
      if (turn === 'blocks') return undefined;
    }
    return undefined;
  }

  /** Tells everybody who waits that it will not come to that. */
  refuseAll(reason: Error): void {
    for (const { started, ended } of this.queue.splice(0)) {
      started.reject(reason);
      ended.reject(reason);
    }
  }

  /** A sync that waits already serves everybody who asks meanwhile: it starts after they asked. */
  sync(reason: SyncRecord['reason'], targets: string[] = []): SyncWant {
    const fresh = makeSyncWant(reason, targets);
    const turn = this.turnOf(fresh);
    // One that may start is not to wait with another.
    const waiting = this.queue.find(
      (want): want is SyncWant => want.kind === 'sync' && this.turnOf(want) === turn,
    );
    if (!waiting) return this.push(fresh);
    // What somebody asked for is not done as by the clock.
    if (isByClock(waiting.reason)) {
      waiting.reason = reason;
      waiting.actor = fresh.actor;
    }
    const both = waiting.targets.length === 0 || targets.length === 0 ? [] : [...waiting.targets, ...targets];
    waiting.targets = [...new Set(both)];
    return waiting;
  }

  verify(request: VerifyRequest): VerifyWant {
    return this.push({ kind: 'verify', request, ...promised() });
  }

  restore(request: RestoreRequest): RestoreWant {
    return this.push({ kind: 'restore', request, ...promised() });
  }

  /** Before everything else: whoever asks for it can't wait. */
  failover(request: FailoverWant['request']): FailoverWant {
    const want: FailoverWant = { kind: 'failover', request, ...promised() };
    this.queue.unshift(want);
    return want;
  }

  relocate(request: RelocateWant['request']): RelocateWant {
    return this.push({ kind: 'relocate', request, ...promised() });
  }

  reverse(request: ReverseRequest): ReverseWant {
    return this.push({ kind: 'reverse', request, ...promised() });
  }

  fence(): FenceWant {
    return this.push({ kind: 'fence', ...promised() });
  }

  /** A change of the primary waits. */
  switching(): SwitchWant | undefined {
    return this.queue.find(
      (want): want is SwitchWant =>
        want.kind === 'failover' || want.kind === 'relocate' || want.kind === 'reverse',
    );
  }

  retire(): RetireWant {
    return this.push({ kind: 'retire', ...promised() });
  }

  private push<W extends Want>(want: W): W {
    this.queue.push(want);
    return want;
  }
}
