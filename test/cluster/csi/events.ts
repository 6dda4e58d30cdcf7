import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import type { Clients } from './kubernetes';
import { MERGE_PATCH } from './kubernetes';
import { log } from './log';

interface Told {
  name: string;
  count: number;
}

/** Tells a claim's owner by events what happens to it. What was told before is counted, not told again. */
export class Events {
  private readonly told = new Map<string, Told>();

  constructor(
    private readonly clients: Clients,
    /** Who tells it, like `csi.tidemark.test_node-1`. */
    private readonly component: string,
  ) {}

  async tell(
    claim: V1PersistentVolumeClaim,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): Promise<void> {
    const { namespace = '', name = '', uid = '' } = claim.metadata ?? {};
    const key = `${uid} ${reason} ${message}`;
    const before = this.told.get(key);
    const now = new Date();
    const told = {
      name: before?.name ?? `${name}.${now.getTime().toString(16)}${this.told.size}`,
      count: (before?.count ?? 0) + 1,
    };
    this.told.set(key, told);
    try {
      if (before) {
        const body = { count: told.count, lastTimestamp: now.toISOString() };
        await this.clients.core.patchNamespacedEvent({ namespace, name: told.name, body }, MERGE_PATCH);
        return;
      }
      const { apiVersion = 'v1', kind = 'PersistentVolumeClaim' } = claim;
      const involvedObject = { apiVersion, kind, namespace, name, uid };
      const times = { firstTimestamp: now, lastTimestamp: now, count: 1 };
      const source = { component: this.component };
      const body = {
        metadata: { namespace, name: told.name },
        involvedObject,
        type,
        reason,
        message,
        source,
        ...times,
      };
      await this.clients.core.createNamespacedEvent({ namespace, body });
    } catch (error) {
      // Nobody's work is to fail because it could not be told of.
      log(`event ${reason} for ${namespace}/${name}: ${String(error)}`);
    }
  }
}
