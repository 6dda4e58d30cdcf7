/** The Service to which whoever pushes to a ReplicationDestination comes, as VolSync makes it. */
import { addressOf, ensureDoorService } from '../../hosts/cluster/door-service';
import type { DoorScheme } from '../../model/doors';
import type { ClusterApi } from '../../hosts/cluster/contract';
import type { ClusterObject, Service } from '../../hosts/cluster/objects';
import { serviceName } from '../../volumes/pvc';
import { CREATED_BY, ownedBy } from './owned';

/** What VolSync says of a Service whose resource says nothing. */
const ANNOTATIONS = { 'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb' };

const METHODS: Readonly<Record<'rsync' | 'rsyncTLS', { scheme: DoorScheme; port: number }>> = {
  rsync: { scheme: 'ssh', port: 22 },
  rsyncTLS: { scheme: 'rsync+tls', port: 8000 },
};

/** What a resource says of it, by its own names. */
export interface ServiceWish {
  method: 'rsync' | 'rsyncTLS';
  serviceType?: Service['spec']['type'];
  serviceAnnotations?: Readonly<Record<string, string>>;
  /** Of `rsync`. */
  port?: number;
}

/**
 * Makes the Service of a resource, or changes the one that is there.
 * @returns its name, and what `status.rsync.address` says, or `status.rsyncTLS.address`: undefined while there is none
 * @throws TidemarkError `InvalidSpec` where the name is somebody else's
 */
export async function ensureService(
  cluster: { name: string; api: ClusterApi },
  resource: ClusterObject,
  { method, serviceType, serviceAnnotations = ANNOTATIONS, port }: ServiceWish,
): Promise<{ name: string; port: number; address?: string }> {
  const { namespace = '' } = resource.metadata;
  const wanted = {
    ...{ namespace, name: serviceName(resource, method) },
    ...METHODS[method],
    ...{ annotations: serviceAnnotations, labels: CREATED_BY, owner: ownedBy(resource) },
    ...(serviceType && { type: serviceType }),
    ...(port !== undefined && { port }),
  };
  const address = addressOf(await ensureDoorService(cluster, wanted));
  return { name: wanted.name, port: wanted.port, ...(address !== undefined && { address }) };
}
