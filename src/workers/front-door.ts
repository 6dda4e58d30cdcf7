/** The custom resources of an agent's cluster, served beside its activities. */
import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { actAs } from '../client/act-as';
import { TELLS_ACTOR } from '../client/tells-actor';
import { operationResult } from '../client/operation-result';
import { tellError } from '../client/exit-codes';
import { Temporal } from '../client/temporal-client';
import { type Served, serveResources } from '../cluster/front-door';
import { describeOutcome } from '../cluster/outcome';
import { OPERATION_RESOURCE, type Outcome } from '../cluster/operation';
import { reconcile, type ReconcileContext, type Relationships } from '../cluster/reconcile';
import { reconcileOperation } from '../cluster/reconcile-operation';
import { RESOURCE } from '../cluster/resource';
import { VolSyncMetrics } from '../cluster/volsync/metrics';
import { servePopulator, startPopulator } from '../cluster/volsync/populator';
import { serveVolSync } from '../cluster/volsync/reconcile';
import type { Cluster } from '../hosts/cluster/contract';
import { makeRelationshipId } from '../model/names';
import type { Relationship } from '../model/spec';
import type { KubernetesOptions } from './side';

async function outcomeOf(temporal: Temporal, workflowId: string): Promise<Outcome> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  const { status } = await handle.describe();
  if (status.name === 'RUNNING') return { phase: 'Running' };
  try {
    return describeOutcome(await operationResult(temporal, workflowId));
  } catch (error) {
    const { type, message, hint } = tellError(error);
    const text = hint === undefined ? message : `${message}; ${hint}`;
    return { phase: type === 'Cancelled' ? 'Cancelled' : 'Failed', message: `${type}: ${text}` };
  }
}

function relationshipsOf(connection: NativeConnection, namespace: string): Relationships {
  const temporal = Temporal.over(
    new Client({ connection, namespace, interceptors: { workflow: TELLS_ACTOR } }),
    "the agent's Temporal",
  );
  return {
    apply: (document) => temporal.apply(document as Relationship),
    status: (name) => temporal.status(name),
    schedule: (name) => temporal.schedule(name),
    retire: (name) => temporal.update<void>(name, 'retire'),
    async begin(name, { update, argument }, updateId) {
      const handle = temporal.client.workflow.getHandle(makeRelationshipId(name));
      const answer = await handle.executeUpdate<{ workflowId?: string } | undefined, [unknown]>(update, {
        args: [argument],
        updateId,
      });
      return answer?.workflowId;
    },
    outcome: (workflowId) => outcomeOf(temporal, workflowId),
    cancel: async (name) => void (await temporal.update(name, 'cancel')),
    cancelDrill: async (workflowId) => void (await temporal.client.workflow.getHandle(workflowId).cancel()),
  };
}

/** Whatever a resource has relationships do is its own; who changed it, the API server's audit log tells. */
function asItself(served: Served): Served {
  const nameOf = ({ namespace, name }: { namespace: string; name: string }) =>
    `${served.kind.plural}/${namespace}/${name}`;
  return {
    ...served,
    reconcile: (resource) =>
      actAs({ name: nameOf(resource), via: 'kubernetes' }, () => served.reconcile(resource)),
  };
}

/** @returns when it has stopped, as `signal` tells it to; at once where the agent is not to serve them */
export async function serveFrontDoor(
  cluster: Cluster | undefined,
  { resources, volsync }: Partial<KubernetesOptions>,
  { connection, namespace }: { connection: NativeConnection; namespace: string },
  log: Logger,
  signal: AbortSignal,
  registry: Registry,
): Promise<void> {
  if (!cluster || (!resources && !volsync)) return;
  const { api, namespaces } = cluster;
  const context: ReconcileContext = {
    api,
    relationships: relationshipsOf(connection, namespace),
    options: { cluster: cluster.name, hosts: resources?.hosts ?? [] },
  };
  const own: Served[] = [
    { kind: RESOURCE, reconcile: (resource) => reconcile(context, resource) },
    { kind: OPERATION_RESOURCE, reconcile: (resource) => reconcileOperation(context, resource) },
  ];
  const served = [
    ...(resources ? own : []),
    ...(volsync ? serveVolSync({ ...context, log, metrics: new VolSyncMetrics(registry) }) : []),
    ...(volsync ? [servePopulator({ api, log })] : []),
  ].map(asItself);
  if (volsync) void startPopulator({ api, log }, namespaces);
  const kinds = served.map(({ kind }) => `${kind.plural}.${kind.apiVersion}`);
  log.info({ namespaces, hosts: resources?.hosts, kinds }, 'serving custom resources');
  await serveResources(api, served, namespaces, { log, signal });
}
