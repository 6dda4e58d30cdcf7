import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { onHost } from './steps';

/** Longer than any host is away that still has a relationship. */
const FOREVER = '3650d';

/**
 * Notices at once when an agent comes back: a `ping` waits in the host's queue until somebody takes
 * it. It costs no history however long the host is away.
 */
export class HostWatch {
  private readonly scopes = new Map<string, CancellationScope>();

  constructor(private readonly onBack: (host: string) => void) {}

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
      .run(() =>
        onHost(host, `Wait for the agent of ${host}`, {
          scheduleToStartTimeout: FOREVER,
          startToCloseTimeout: '1m',
          retry: { initialInterval: '1s', maximumInterval: '10s' },
        }).ping(),
      )
      .then(() => this.back(host, scope))
      .catch((error: unknown) => {
        if (!isCancellation(error)) this.back(host, scope);
      });
  }

  private back(host: string, scope: CancellationScope): void {
    if (this.scopes.get(host) !== scope) return;
    this.scopes.delete(host);
    this.onBack(host);
  }
}
