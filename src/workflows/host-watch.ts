import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { onHost } from './steps';

/** Longer than any host is away that still has a relationship. */
const FOREVER = '3650d';

/** The longest pause before a host is watched again whose return was of no use. */
const LONGEST_PAUSE_MS = 15 * 60_000;

/**
 * Notices at once when an agent comes back: a `ping` waits in the host's queue until somebody takes
 * it. It costs no history however long the host is away.
 */
export class HostWatch {
  private readonly scopes = new Map<string, CancellationScope>();

  /** How often each host has come back. */
  private readonly returns = new Map<string, number>();

  /** @param pauseMs before a host is watched that has come back already; doubled each time */
  constructor(
    private readonly onBack: (host: string) => void,
    private readonly pauseMs = 0,
  ) {}

  /** Watches exactly these hosts. */
  watch(hosts: readonly string[]): void {
    for (const [host, scope] of this.scopes) {
      if (hosts.includes(host)) continue;
      this.scopes.delete(host);
      scope.cancel();
    }
    for (const host of hosts) if (!this.scopes.has(host)) this.start(host);
  }

  stop(): void {
    this.watch([]);
  }

  private start(host: string): void {
    const scope = new CancellationScope();
    this.scopes.set(host, scope);
    scope
      .run(async () => {
        const returns = this.returns.get(host) ?? 0;
        if (this.pauseMs > 0 && returns > 0)
          await sleep(Math.min(this.pauseMs * 2 ** (returns - 1), LONGEST_PAUSE_MS));
        await onHost(host, `Wait for the agent of ${host}`, {
          scheduleToStartTimeout: FOREVER,
          startToCloseTimeout: '1m',
          retry: { initialInterval: '1s', maximumInterval: '10s' },
        }).ping();
      })
      .then(() => this.back(host, scope))
      .catch((error: unknown) => {
        if (!isCancellation(error)) this.back(host, scope);
      });
  }

  private back(host: string, scope: CancellationScope): void {
    if (this.scopes.get(host) !== scope) return;
    this.scopes.delete(host);
    this.returns.set(host, (this.returns.get(host) ?? 0) + 1);
    this.onBack(host);
  }
}
