/** Takes an agent's things out of its cluster, when it is to be gone for good. */
import { setTimeout as sleep } from 'node:timers/promises';
import { letGoOfAll } from '../cluster/held';
import { OPERATION_RESOURCE } from '../cluster/operation';
import { RESOURCE } from '../cluster/resource';
import { VOLSYNC_RESOURCES } from '../cluster/volsync/definitions';
import { openCluster } from '../hosts/cluster';
import type { ClusterApi } from '../hosts/cluster/contract';
import { CORE } from '../hosts/cluster/objects';
import { TidemarkError } from '../model/errors';
import { formatDuration } from '../model/units';
import { removePassing } from '../volumes/pvc';

export interface WithdrawOptions {
  host: string;
  kubeconfig?: string;
  context?: string;
  namespaces?: readonly string[];
  /** Also of the custom resources. */
  resources: boolean;
  /** Also of those of VolSync and Scribe. */
  volsync: boolean;
  /** The StatefulSet that runs the agent: it is deleted first, and its pod waited for. */
  stop?: { namespace: string; name: string };
  limitMs: number;
}

/** What was done. */
export interface Withdrawn {
  removed: string[];
  released: string[];
}

const LOOK_EVERY_MS = 500;

/** An agent that runs on would make anew what is removed, and hold what was let go of. */
async function stopAgent(
  api: ClusterApi,
  host: string,
  { namespace, name }: { namespace: string; name: string },
  limitMs: number,
): Promise<void> {
  const metadata = { namespace, name: `${name}-0` };
  await api.remove({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { namespace, name } });
  const startedAt = performance.now();
  while (await api.read({ apiVersion: CORE, kind: 'Pod', metadata })) {
    if (performance.now() - startedAt > limitMs) {
      throw new TidemarkError(
        'NotReady',
        `the agent's pod ${namespace}/${metadata.name} had not ended after ${formatDuration(limitMs)}`,
        { host, hint: `see what keeps it, and try again: kubectl get pods --namespace ${namespace}` },
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Of a namespace that was deleted meanwhile, nothing is left, the agent's rights neither. */
async function findThere(api: ClusterApi, namespaces: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    namespaces.map((name) => api.read({ apiVersion: CORE, kind: 'Namespace', metadata: { name } })),
  );
  return namespaces.filter((_, index) => found[index] !== undefined);
}

/**
 * Claims, recovery points and relationships stay. May be repeated.
 * @throws TidemarkError `NotReady` where the agent's pod does not end; nothing was removed then but its StatefulSet
 */
export async function withdraw(options: WithdrawOptions): Promise<Withdrawn> {
  const { host, kubeconfig, context, resources, volsync, stop, limitMs } = options;
  const cluster = await openCluster({
    name: host,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    // No pod is made.
    settings: { image: '', expose: 'PodIP', limitMs, template: {} },
  });
  if (stop) await stopAgent(cluster.api, host, stop, limitMs);
  const namespaces = options.namespaces && (await findThere(cluster.api, options.namespaces));
  const removed = await removePassing({ ...cluster, ...(namespaces && { namespaces }) });
  const kinds = [...(resources ? [RESOURCE, OPERATION_RESOURCE] : []), ...(volsync ? VOLSYNC_RESOURCES : [])];
  return { removed, released: await letGoOfAll(cluster.api, kinds, namespaces) };
}
