import { Trigger } from '@temporalio/workflow';
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

/** What is known of an operation once it has started. */
export interface Started {
  workflowId: string;
  syncId?: string;
}

interface Promised<Ended> {
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

/** A sync that is no matter of the queue. */
export const makeSyncWant = (reason: SyncRecord['reason'], targets: string[]): SyncWant => ({
  ...{ kind: 'sync', reason, targets, started: makeTrigger(), ended: makeTrigger() },
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
    if (isByClock(waiting.reason)) waiting.reason = reason;
    const both = waiting.targets.length === 0 || targets.length === 0 ? [] : [...waiting.targets, ...targets];
    waiting.targets = [...new Set(both)];
    return waiting;
  }

  verify(request: VerifyRequest): VerifyWant {
    return this.push({ kind: 'verify', request, started: makeTrigger(), ended: makeTrigger() });
  }

  restore(request: RestoreRequest): RestoreWant {
    return this.push({ kind: 'restore', request, started: makeTrigger(), ended: makeTrigger() });
  }

  /** Before everything else: whoever asks for it can't wait. */
  failover(request: FailoverWant['request']): FailoverWant {
    const want: FailoverWant = { kind: 'failover', request, started: makeTrigger(), ended: makeTrigger() };
    this.queue.unshift(want);
    return want;
  }

  relocate(request: RelocateWant['request']): RelocateWant {
    return this.push({ kind: 'relocate', request, started: makeTrigger(), ended: makeTrigger() });
  }

  reverse(request: ReverseRequest): ReverseWant {
    return this.push({ kind: 'reverse', request, started: makeTrigger(), ended: makeTrigger() });
  }

  fence(): FenceWant {
    return this.push({ kind: 'fence', started: makeTrigger(), ended: makeTrigger() });
  }

  /** A change of the primary waits. */
  switching(): SwitchWant | undefined {
    return this.queue.find(
      (want): want is SwitchWant =>
        want.kind === 'failover' || want.kind === 'relocate' || want.kind === 'reverse',
    );
  }

  retire(): RetireWant {
    return this.push({ kind: 'retire', started: makeTrigger(), ended: makeTrigger() });
  }

  private push<W extends Want>(want: W): W {
    this.queue.push(want);
    return want;
  }
}
