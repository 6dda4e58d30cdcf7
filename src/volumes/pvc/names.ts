/** Names, labels and annotations of what Tidemark makes in a cluster. Pure, but for fresh names. */
import { createHash, randomBytes } from 'node:crypto';
import type { ClusterObject, OwnerReference } from '../../hosts/cluster/objects';

/** What an object that we made is for. */
export type ObjectRole = 'capture' | 'point' | 'reader' | 'clone' | 'mover' | 'hook' | 'room' | 'reading';

const PREFIX = 'tidemark.dev';

export const LABELS = {
  /** Of everything that we make, and of nothing else. */
  managedBy: 'app.kubernetes.io/managed-by',
  agent: `${PREFIX}/agent`,
  relationship: `${PREFIX}/relationship`,
  role: `${PREFIX}/role`,
  volume: `${PREFIX}/volume`,
  sync: `${PREFIX}/sync`,
} as const;

export const ANNOTATIONS = {
  /** Of a PVC: who claims it. */
  state: `${PREFIX}/state`,
  /** Of a VolumeSnapshot: the recovery point that it is. */
  point: `${PREFIX}/point`,
  /** Of a copy: what it was made of. */
  madeOf: `${PREFIX}/made-of`,
  /** Of a PVC that we made. */
  made: `${PREFIX}/made-by`,
  /** Of a namespace: movers may be root in it. */
  privileged: `${PREFIX}/privileged-movers`,
  /** Of a workload that was scaled down: how many replicas it had. */
  replicas: `${PREFIX}/replicas`,
} as const;

/** What Kubernetes takes as a label's value, and as the name of a Job's pods. */
const MAX_LABEL = 63;
const HASH = 10;
/** Characters that tell one from the next of the same name. */
const FRESH = 6;

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH);
}

/** A label's value: the text itself where it may be one, otherwise its beginning and a hash. */
export function labelValue(text: string): string {
  if (text.length <= MAX_LABEL && /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(text)) return text;
  const readable = text.replaceAll(/[^A-Za-z0-9_.-]/g, '.').slice(0, MAX_LABEL - HASH - 1);
  return `${readable.replace(/^[^A-Za-z0-9]+/, '')}-${shortHash(text)}`.replace(/^-/, '');
}

/**
 * A name for an object, the same for the same parts: what an attempt has made that was cut off is found again by it.
 * It is shortened where it is too long, and unique by its hash.
 */
export function objectName(role: ObjectRole, ...parts: readonly string[]): string {
  const hash = shortHash(JSON.stringify([role, ...parts]));
  const readable = ['tidemark', role, ...parts]
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-');
  return `${readable.slice(0, MAX_LABEL - HASH - 1).replace(/-+$/, '')}-${hash}`;
}

/** A name with an end of its own: another one of that name may still be there, or be being deleted. */
export const endFreshly = (name: string): string =>
  `${name.slice(0, MAX_LABEL - FRESH - 1)}-${randomBytes(FRESH / 2).toString('hex')}`;

/** The same of an object by its parts. */
export const freshName = (role: ObjectRole, ...parts: readonly string[]): string =>
  endFreshly(objectName(role, ...parts));

/** What an object belongs to. */
export interface Belongs {
  agent: string;
  role: ObjectRole;
  /** `shop/mysql` */
  volume: string;
  relationship?: string;
  syncId?: string;
}

/** The labels of an object, or those by which objects are looked for. */
export function labelsOf({
  agent,
  role,
  volume,
  relationship,
  syncId,
}: Partial<Belongs>): Record<string, string> {
  return {
    [LABELS.managedBy]: 'tidemark',
    ...(agent !== undefined && { [LABELS.agent]: labelValue(agent) }),
    ...(role !== undefined && { [LABELS.role]: role }),
    ...(volume !== undefined && { [LABELS.volume]: labelValue(volume) }),
    ...(relationship !== undefined && { [LABELS.relationship]: labelValue(relationship) }),
    ...(syncId !== undefined && { [LABELS.sync]: labelValue(syncId) }),
  };
}

/** What is owned by an object goes with it. */
export function ownerOf({ apiVersion, kind, metadata: { name, uid = '' } }: ClusterObject): OwnerReference {
  return { apiVersion, kind, name, uid };
}
