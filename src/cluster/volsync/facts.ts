/** What has to be there before a resource of VolSync can be served: found, or made as VolSync makes it. */
import type { ClusterApi } from '../../hosts/cluster/contract';
import { CORE, type Namespace, type PersistentVolumeClaim } from '../../hosts/cluster/objects';
import { TidemarkError } from '../../model/errors';
import { mayBeRoot, type Method, MADE_BY_US, sideOf } from '../../volumes/pvc';
import { CREATED_BY, ownedBy } from './owned';
import { destinationClaim, type VolSyncResource } from './resource';
import { checkSecret, fieldsOf } from './secrets';
import { ensureService } from './service';
import { ensureSshKeys } from './ssh-keys';
import { ensureTlsKey } from './tls-keys';
import type { Facts } from './translate';

export interface Prepared {
  facts: Facts;
  /** What the status tells of a side that listens. */
  address?: string;
  keys?: string;
}

interface ClusterOf {
  name: string;
  api: ClusterApi;
}

const claimReference = (namespace: string, name: string) => ({
  ...{ apiVersion: CORE, kind: 'PersistentVolumeClaim', metadata: { namespace, name } },
});

/** @throws TidemarkError `VolumeMissing` where a claim is not there that the resource names */
async function requireClaim({ name: host, api }: ClusterOf, namespace: string, name: string): Promise<void> {
  if (await api.read<PersistentVolumeClaim>(claimReference(namespace, name))) return;
  throw new TidemarkError('VolumeMissing', `persistentvolumeclaims "${name}" not found`, {
    ...{ host, volume: `${namespace}/${name}`, hint: 'it goes on by itself once the claim is there' },
  });
}

/** The claim of a destination that names none: there as soon as the resource is, also while that is paused. */
async function makeClaim({ api }: ClusterOf, resource: VolSyncResource, method: Method): Promise<void> {
  const { namespace = '' } = resource.metadata;
  const { capacity, accessModes = [], storageClassName } = resource.spec?.[method] ?? {};
  const name = destinationClaim(resource, method);
  if (await api.read<PersistentVolumeClaim>(claimReference(namespace, name))) return;
  await api.create<PersistentVolumeClaim>({
    apiVersion: CORE,
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...{ name, namespace, labels: CREATED_BY, annotations: MADE_BY_US },
      ownerReferences: [ownedBy(resource)],
    },
    spec: {
      accessModes,
      resources: { requests: { storage: String(capacity) } },
      ...(storageClassName !== undefined && { storageClassName }),
    },
  });
}

/** It was asked to remove the claim of a destination once its image is there, and nothing is asked for since. */
export function isCleanedUp({ kind, spec = {}, status = {} }: VolSyncResource, method: Method): boolean {
  const { cleanupTempPVC = false, destinationPVC, copyMethod } = spec[method] ?? {};
  if (kind !== 'ReplicationDestination' || !cleanupTempPVC || destinationPVC !== undefined) return false;
  const { manual } = spec.trigger ?? {};
  const isResting = status.conditions?.some(({ reason }) => /^WaitingFor/.test(reason)) === true;
  return copyMethod === 'Snapshot' && isResting && (!manual || status.lastManualSync === manual);
}

async function prepareVolume(cluster: ClusterOf, resource: VolSyncResource, method: Method): Promise<void> {
  const { metadata, spec = {} } = resource;
  const { namespace = '' } = metadata;
  const named = resource.kind === 'ReplicationSource' ? spec.sourcePVC : spec[method]?.destinationPVC;
  if (named === undefined) {
    if (!isCleanedUp(resource, method)) await makeClaim(cluster, resource, method);
  } else await requireClaim(cluster, namespace, named);
}

const RESTIC_FIELDS = ['RESTIC_REPOSITORY', 'RESTIC_PASSWORD'];

async function findRepository(cluster: ClusterOf, { metadata, spec }: VolSyncResource): Promise<string> {
  const { namespace = '' } = metadata;
  const at = { namespace, name: spec?.restic?.repository ?? '', needed: RESTIC_FIELDS };
  const { RESTIC_REPOSITORY = '' } = fieldsOf(await checkSecret(cluster, at));
  return RESTIC_REPOSITORY.trim();
}

async function prepareWire(
  cluster: ClusterOf,
  resource: VolSyncResource,
  method: 'rsync' | 'rsyncTLS',
): Promise<Pick<Prepared, 'address' | 'keys'> & { facts: Partial<Facts> }> {
  const side = sideOf(resource);
  const { rsync, rsyncTLS } = resource.spec ?? {};
  const { credentials, published } =
    method === 'rsync'
      ? await ensureSshKeys(cluster, resource, rsync?.sshKeys)
      : await ensureTlsKey(cluster, resource, rsyncTLS?.keySecret);
  const keys = published === undefined ? {} : { keys: published };
  if (side === 'src') return { ...keys, facts: { keys: credentials } };
  const { serviceType, serviceAnnotations, port } = rsync ?? rsyncTLS ?? {};
  const service = await ensureService(cluster, resource, {
    method,
    ...(serviceType !== undefined && { serviceType }),
    ...(serviceAnnotations !== undefined && { serviceAnnotations }),
    ...(method === 'rsync' && port !== undefined && { port }),
  });
  return {
    ...keys,
    ...(service.address !== undefined && { address: service.address }),
    facts: { keys: credentials, door: { service: service.name, port: service.port } },
  };
}

/** Removes a claim that was made for the resource, and is to go with the sync. One of somebody else's stays. */
export async function cleanUp({ api }: ClusterOf, resource: VolSyncResource, method: Method): Promise<void> {
  if (!isCleanedUp(resource, method)) return;
  const reference = claimReference(resource.metadata.namespace ?? '', destinationClaim(resource, method));
  const found = await api.read<PersistentVolumeClaim>(reference);
  const isOwn = found?.metadata.ownerReferences?.some(({ uid }) => uid === resource.metadata.uid);
  if (isOwn && found?.metadata.deletionTimestamp === undefined)
    await api.remove(reference, found?.metadata.uid);
}

/** @throws TidemarkError with VolSync's own words where something is not there that the resource names */
export async function prepare(
  cluster: ClusterOf,
  resource: VolSyncResource,
  method: Method,
): Promise<Prepared> {
  const { namespace = '' } = resource.metadata;
  // What the other side waits for comes first: it is told though something else is missing.
  const wire =
    method === 'rsync' || method === 'rsyncTLS'
      ? await prepareWire(cluster, resource, method)
      : { facts: {} };
  const found = await cluster.api.read<Namespace>({
    ...{ apiVersion: CORE, kind: 'Namespace', metadata: { name: namespace } },
  });
  await prepareVolume(cluster, resource, method);
  if (method === 'rclone') {
    const name = resource.spec?.rclone?.rcloneConfig ?? '';
    await checkSecret(cluster, { namespace, name, needed: ['rclone.conf'] });
  }
  const repository = method === 'restic' ? await findRepository(cluster, resource) : undefined;
  const { facts, ...told } = wire;
  return {
    ...told,
    facts: {
      ...facts,
      ...(repository !== undefined && { repository }),
      mayBeRoot: mayBeRoot(method, found?.metadata.annotations),
    },
  };
}
