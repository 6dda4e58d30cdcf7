/** A `Relationship` of the API server, and the relationship that it stands for. Pure. */
import { createHash } from 'node:crypto';
import type { ClusterObject } from '../hosts/cluster/objects';
import { API_VERSION, GROUP } from './definition';
import type { ResourceStatus } from './status';

export interface RelationshipResource extends ClusterObject {
  spec?: Record<string, unknown>;
  status?: ResourceStatus;
}

export const RESOURCE = { apiVersion: API_VERSION, kind: 'Relationship', plural: 'relationships' } as const;

/** While it is there, the API server keeps the resource, so that its deletion is seen whoever slept meanwhile. */
export const FINALIZER = `${GROUP}/relationship`;

const LONGEST_NAME = 63;
const HASH_LENGTH = 10;

/** `east.shop.mysql`; where that is too long, cut, with a hash of the whole. */
export function relationshipNameOf(cluster: string, namespace: string, name: string): string {
  const whole = `${cluster}.${namespace}.${name}`;
  if (whole.length <= LONGEST_NAME) return whole;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, HASH_LENGTH);
  return `${whole.slice(0, LONGEST_NAME - HASH_LENGTH - 1).replace(/[.-]+$/, '')}-${hash}`;
}
