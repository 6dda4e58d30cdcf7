/** The spec of the relationship that a resource of VolSync stands for. Pure. */
import type { Method } from '../../volumes/pvc';
import { withoutAccount } from '../../volumes/repository';
import { RESOURCE_LABELS } from '../../model/resource-labels';
import { partnerOf } from './joint';
import {
  destinationClaim,
  madeForOf,
  methodsIn,
  ownerOf,
  type RcloneFields,
  type ResticFields,
  type VolSyncResource,
  volsyncRelationshipName,
} from './resource';
import { scheduleIn } from './trigger';

/** What has to be found out before. */
export interface Facts {
  /** Of `restic`: the field `RESTIC_REPOSITORY` of its Secret. */
  repository?: string;
  /** Of `rsync` and `rsyncTLS`: the Secret that this side goes by. */
  keys?: string;
  /** Of a destination that listens. */
  door?: { service: string; port: number };
  /** Its movers may be root. */
  mayBeRoot: boolean;
}

/** Whoever a container is that nobody has named a user for. */
const NOBODY = 65_534;
const HOURS = { y: 365 * 24, m: 30 * 24, d: 24, h: 1 } as const;
const DEFAULT_PRUNE_DAYS = 7;

/** `1y2m3d5h` of restic, in hours. */
export function hoursOf(within: string): string | undefined {
  const parts = [...within.matchAll(/(\d+)([ymdh])/g)];
  if (parts.map(([part]) => part).join('') !== within || parts.length === 0) return undefined;
  const hours = parts.reduce((sum, [, count, unit]) => sum + Number(count) * HOURS[unit as 'h'], 0);
  return `${hours}h`;
}

/** Without any, one alone is kept. */
export function retainOf({ retain = {} }: ResticFields): Record<string, number | string> {
  const { within, ...counts } = retain;
  const hours = within === undefined ? undefined : hoursOf(within);
  const numbers = Object.entries(counts)
    .map(([rule, count]) => [rule, Number(count)] as const)
    .filter(([, count]) => Number.isInteger(count) && count > 0);
  const kept = { ...Object.fromEntries(numbers), ...(hours !== undefined && { within: hours }) };
  return Object.keys(kept).length === 0 ? { last: 1 } : kept;
}

/** As whom the movers read and write; undefined: root. */
function runAsOf(resource: VolSyncResource, method: Method, { mayBeRoot }: Facts): string | undefined {
  if (mayBeRoot) return undefined;
  const { runAsUser = NOBODY, runAsGroup, fsGroup } = resource.spec?.[method]?.moverSecurityContext ?? {};
  return `${runAsUser}:${runAsGroup ?? fsGroup ?? runAsUser}`;
}

const copyMethodOf = (copyMethod: string | undefined) => (copyMethod === 'None' ? 'Direct' : copyMethod);

/** The volume of a resource, as an endpoint. */
export function claimOf(cluster: string, resource: VolSyncResource, method: Method, facts: Facts): object {
  const { metadata, spec = {}, kind } = resource;
  const { copyMethod, capacity, accessModes, storageClassName, volumeSnapshotClassName } = spec[method] ?? {};
  const name = kind === 'ReplicationSource' ? (spec.sourcePVC ?? '') : destinationClaim(resource, method);
  const runAs = runAsOf(resource, method, facts);
  return {
    ...{ host: cluster, pvc: `${metadata.namespace ?? ''}/${name}`, copyMethod: copyMethodOf(copyMethod) },
    ...(capacity !== undefined && { capacity: String(capacity) }),
    ...(accessModes && accessModes.length > 0 && { accessModes }),
    ...(storageClassName !== undefined && { storageClass: storageClassName }),
    ...(volumeSnapshotClassName !== undefined && { snapshotClass: volumeSnapshotClassName }),
    ...(runAs !== undefined && { runAs }),
    madeFor: madeForOf(resource),
  };
}

const bucketOf = ({ rcloneConfig, rcloneConfigSection, rcloneDestPath = '' }: RcloneFields) => ({
  bucket: `${rcloneConfigSection ?? ''}:${rcloneDestPath.replace(/\/+$/, '')}`,
  credentials: rcloneConfig,
  layout: 'volsync',
});

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);

/** Where a source brings its claim to. */
function targetOf({ spec = {} }: VolSyncResource, method: Method, { repository = '', keys }: Facts): object {
  const { restic, rclone, rsync, rsyncTLS } = spec;
  if (restic) {
    const days = restic.pruneIntervalDays ?? DEFAULT_PRUNE_DAYS;
    return {
      ...{ repository: withoutAccount(repository), credentials: restic.repository, layout: 'volsync' },
      ...{ retain: retainOf(restic), pruneEvery: `${Math.max(1, days)}d` },
    };
  }
  if (rclone) return bucketOf(rclone);
  const { address = '', port } = rsync ?? rsyncTLS ?? {};
  if (method === 'rsync') {
    const peer = `ssh://root@${bracketed(address)}:${port ?? 22}/~`;
    return { peer, credentials: keys, signal: 'volsync' };
  }
  return { peer: `rsync+tls://${bracketed(address)}:${port ?? 8000}/data`, credentials: keys };
}

/** Where a destination has its claim from. */
function originOf(
  cluster: string,
  { spec = {} }: VolSyncResource,
  method: Method,
  { repository = '', keys, door }: Facts,
): object {
  const { restic, rclone } = spec;
  if (restic) {
    const { restoreAsOf, previous } = restic;
    return {
      ...{ host: cluster, repository: withoutAccount(repository) },
      ...{ credentials: restic.repository, layout: 'volsync' },
      ...(restoreAsOf !== undefined && { restoreAsOf }),
      ...(previous !== undefined && previous > 0 && { previous }),
    };
  }
  if (rclone) return { host: cluster, ...bucketOf(rclone) };
  // The Service is the resource's own, as VolSync makes it.
  const { service = '', port = 0 } = door ?? {};
  const isSsh = method === 'rsync';
  return {
    ...{ host: cluster, peer: `${isSsh ? 'ssh' : 'rsync+tls'}://${service}:${port}`, credentials: keys },
    ...(isSsh && { signal: 'volsync' }),
  };
}

/** What `apply` takes. @param facts as they are now: where they change, the relationship does */
export function documentOf(cluster: string, resource: VolSyncResource, facts: Facts): object {
  const { metadata, kind, spec = {} } = resource;
  const [method = 'restic'] = methodsIn(resource);
  const isSource = kind === 'ReplicationSource';
  const partner = partnerOf(resource);
  const claim = claimOf(cluster, resource, method, facts);
  const schedule = scheduleIn(resource);
  // What a store holds besides is history; the others are one state, of which nothing is to go without a word.
  const maxDeletes = isSource && method !== 'restic' ? '50%' : '100%';
  const keepsExtra = !isSource && method === 'restic' && spec.restic?.enableFileDeletion !== true;
  return {
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: {
      name: volsyncRelationshipName(cluster, resource),
      labels: {
        ...metadata.labels,
        [RESOURCE_LABELS.cluster]: cluster,
        [RESOURCE_LABELS.resource]: ownerOf(resource),
        [RESOURCE_LABELS.uid]: metadata.uid ?? '',
        [RESOURCE_LABELS.generation]: String(metadata.generation ?? 0),
        ...(isSource && partner !== undefined && { [RESOURCE_LABELS.joinedWith]: partner }),
      },
    },
    spec: {
      source: isSource ? claim : originOf(cluster, resource, method, facts),
      targets: [isSource ? targetOf(resource, method, facts) : claim],
      ...(keepsExtra && { mover: { rsync: { keepExtra: true } } }),
      ...(schedule !== undefined && { trigger: { schedule } }),
      guards: { allowForeign: true, maxDeletes },
      retain: { last: 1 },
    },
  };
}
