/** A sync that waits for a push, often for days, is in nobody's way. */
import { isAwaitingPush } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import type { SyncRecord } from '../model/records';
import type { Operations } from './children';
import type { WantQueue } from './wants';

export class MakeWay {
  private made = false;

  constructor(
    private readonly state: RelationshipState,
    private readonly cancels: Operations['cancels'],
  ) {}

  /** Something else is asked for: what waits for a push ends, with its pod, and comes again after that. */
  make(): void {
    const { operation } = this.state;
    if (!operation || !isAwaitingPush(this.state)) return;
    this.made = true;
    this.cancels.get(operation.workflowId)?.();
  }

  /** After each operation: the sync that has made way is wanted again. A pause wants it once that is over. */
  settle(wants: WantQueue, reason: SyncRecord['reason']): void {
    const { made } = this;
    this.made = false;
    if (made && !this.state.paused && !this.state.retired) void wants.sync(reason);
  }
}
