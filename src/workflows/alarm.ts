import { CancellationScope, sleep } from '@temporalio/workflow';

/** Wakes a relationship at an instant, whatever else it does then. */
export class Alarm {
  /** Its timer outlives the operation in which it happens to be set. */
  private readonly home = CancellationScope.current();
  private pending: { at: number; scope: CancellationScope } | undefined;

  constructor(
    private readonly ring: () => void,
    private readonly summary: string,
  ) {}

  /**
   * Rings at `at`, in milliseconds since the epoch, or before: one that is set already for earlier is kept, since whoever
   * hears it sets the next. So what is put off again and again costs no events. Undefined: nothing is due.
   */
  set(at: number | undefined): void {
    if (at === undefined || (this.pending && this.pending.at <= at)) return;
    this.pending?.scope.cancel();
    const scope = new CancellationScope({ cancellable: true, parent: this.home });
    const mine = { at, scope };
    this.pending = mine;
    scope
      .run(() => sleep(Math.max(1, at - Date.now()), { summary: this.summary }))
      .then(() => {
        if (this.pending !== mine) return;
        this.pending = undefined;
        this.ring();
      })
      // It was set for earlier meanwhile.
      .catch(() => undefined);
  }

  stop(): void {
    this.pending?.scope.cancel();
    this.pending = undefined;
  }
}
