/** ReplicationSources and ReplicationDestinations, as far as they are read and written. Pure. */
import type { ClusterObject } from '../../hosts/cluster/objects';
import type { Service } from '../../hosts/cluster/objects';
import type { Instant } from '../../model/records';
import { madeClaimName, METHODS, type Method } from '../../volumes/pvc';
import { relationshipNameOf } from '../resource';

/** What every method says of the volume. Quantities may be numbers in YAML. */
interface VolumeFields {
  copyMethod?: string;
  capacity?: string | number;
  accessModes?: string[];
  storageClassName?: string;
  volumeSnapshotClassName?: string;
  moverSecurityContext?: { runAsUser?: number; runAsGroup?: number; fsGroup?: number };
  /** Of a destination. */
  destinationPVC?: string;
  cleanupTempPVC?: boolean;
}

interface ListenFields {
  address?: string;
  port?: number;
  serviceType?: Service['spec']['type'];
  serviceAnnotations?: Record<string, string>;
  volumeMode?: string;
}

export interface ResticFields extends VolumeFields {
  repository?: string;
  /** Of a source. */
  pruneIntervalDays?: number;
  retain?: Partial<Record<'last' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly', number | string>> & {
    within?: string;
  };
  unlock?: string;
  /** Of a destination. */
  restoreAsOf?: string;
  previous?: number;
  enableFileDeletion?: boolean;
}

export interface RcloneFields extends VolumeFields {
  rcloneConfig?: string;
  rcloneConfigSection?: string;
  rcloneDestPath?: string;
}

export type RsyncFields = VolumeFields & ListenFields & { sshKeys?: string };
export type RsyncTlsFields = VolumeFields & ListenFields & { keySecret?: string };

export interface VolSyncSpec {
  sourcePVC?: string;
  paused?: boolean;
  trigger?: { schedule?: string; manual?: string };
  rsync?: RsyncFields;
  rsyncTLS?: RsyncTlsFields;
  rclone?: RcloneFields;
  restic?: ResticFields;
  syncthing?: VolumeFields;
  external?: object;
}

export interface VolSyncCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: Instant;
}

export interface VolSyncStatus {
  lastSyncTime?: Instant;
  lastSyncStartTime?: Instant;
  lastSyncDuration?: string;
  nextSyncTime?: Instant;
  lastManualSync?: string;
  latestImage?: { apiGroup: string; kind: string; name: string };
  latestMoverStatus?: { result?: 'Successful' | 'Failed'; logs?: string };
  rsync?: { address?: string; sshKeys?: string };
  rsyncTLS?: { address?: string; keySecret?: string };
  restic?: { lastPruned?: Instant; lastUnlocked?: string };
  conditions?: readonly VolSyncCondition[];
}

export interface VolSyncResource extends ClusterObject {
  kind: 'ReplicationSource' | 'ReplicationDestination';
  spec?: VolSyncSpec;
  status?: VolSyncStatus;
}

/** What was asked for by a sync that has not come through yet, in an annotation of the resource. */
export const SYNC_FOR = 'tidemark.dev/sync-for';

/** A resource may be named as another of the other kind is, or of the other group: `east.shop.mysql.source`. */
export function volsyncRelationshipName(
  cluster: string,
  { apiVersion, kind, metadata }: VolSyncResource,
): string {
  const scribe = apiVersion.startsWith('scribe.') ? 'scribe-' : '';
  const side = kind === 'ReplicationSource' ? 'source' : 'destination';
  return relationshipNameOf(cluster, metadata.namespace ?? '', `${metadata.name}.${scribe}${side}`);
}

/** `volsync.backube/v1alpha1/ReplicationSource/mysql`: which resource something is made for. */
export const madeForOf = ({ apiVersion, kind, metadata }: VolSyncResource): string =>
  `${apiVersion}/${kind}/${metadata.name}`;

/** What a resource is called where relationships say who keeps them. */
export const ownerOf = ({ apiVersion, kind, metadata }: VolSyncResource): string =>
  `${kind}.${apiVersion.slice(0, apiVersion.indexOf('/'))}/${metadata.namespace ?? ''}/${metadata.name}`;

/** Those of its methods that it names. */
export const methodsIn = ({ spec = {} }: VolSyncResource): Method[] =>
  METHODS.filter((method) => spec[method] !== undefined);

/** The claim that a destination brings up to date. */
export const destinationClaim = (resource: VolSyncResource, method: Method): string =>
  resource.spec?.[method as 'restic']?.destinationPVC ?? madeClaimName(resource, method);
