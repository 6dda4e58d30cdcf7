/** The side of an agent whose host is a Kubernetes cluster; loaded by such agents alone. */
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCluster } from '../hosts/cluster';
import type { Cluster } from '../hosts/cluster/contract';
import { makeSecretCredentials } from '../hosts/cluster/secrets';
import { makeLocalHost } from '../hosts/local';
import type { Landings } from '../landings/contract';
import { isRetryable, TidemarkError } from '../model/errors';
import type { HostSide, KubernetesOptions, SideOptions } from './side';

const RETRY_MAX_MS = 10_000;

/** Everything comes in by the pods that have the volumes. */
const noLandings = (host: string): Landings => ({
  async open() {
    throw new TidemarkError(
      'InvalidSpec',
      `host ${host} is a Kubernetes cluster: data goes to its claims alone`,
      {
        host,
        hint: 'name a claim: pvc: NAMESPACE/NAME',
      },
    );
  },
  close: () => Promise.resolve(),
  sweep: () => Promise.resolve(0),
});

/** What the agent does in each namespace that it serves; the rest it asks for when it is needed. */
const NEEDED: readonly (readonly [string, string])[] = [
  ['create', 'jobs.batch'],
  ['list', 'pods'],
  ['create', 'pods/exec'],
  ['patch', 'persistentvolumeclaims'],
  ['create', 'persistentvolumeclaims'],
  ['create', 'volumesnapshots.snapshot.storage.k8s.io'],
];

/** What it may not do, in words. */
async function findMissingRights({ api, namespaces = [] }: Cluster): Promise<string[]> {
  const missing: string[] = [];
  for (const namespace of namespaces) {
    for (const [verb, resource] of NEEDED) {
      if (!(await api.may(verb, resource, namespace))) missing.push(`${verb} ${resource} in ${namespace}`);
    }
  }
  return missing;
}

/** Says what will not work, before it is needed. An API server that is started after its agent is not an error. */
async function examine(cluster: Cluster, log: Logger, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      const missing = await findMissingRights(cluster);
      if (missing.length > 0)
        log.warn({ missing }, `this agent may not do all that it needs in cluster ${cluster.name}`);
      return;
    } catch (error) {
      if (!(error instanceof TidemarkError && isRetryable(error.type))) throw error;
      const { toolMessage } = error.details;
      log.warn({ attempt, toolMessage }, `${error.message}; trying again`);
      await sleep(Math.min(RETRY_MAX_MS, 250 * 2 ** attempt), undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Connects, and looks whether the agent may do what it needs. */
export async function openKubernetes(
  options: SideOptions,
  kubernetes: KubernetesOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<HostSide> {
  const { resources: _served, volsync: _too, ...reached } = kubernetes;
  const cluster = await openCluster({ name: options.host, ...reached });
  await examine(cluster, log, signal);
  const local = makeLocalHost({ name: options.host, home: options.home });
  const { expose } = cluster.settings;
  log.info({ namespaces: cluster.namespaces, expose }, `host ${options.host} is a Kubernetes cluster`);
  return {
    host: { ...local, cluster, credentials: makeSecretCredentials(cluster) },
    landings: noLandings(options.host),
    close: () => Promise.resolve(),
  };
}
