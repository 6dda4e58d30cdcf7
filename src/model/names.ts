/** Every workflow id, task queue and Schedule id, made in one place. */

/** The task queue of the control worker: workflows, and activities that need no host. */
export const CONTROL_QUEUE = 'tidemark';

/** The task queue of the agent that speaks for a host. */
export function makeHostQueue(host: string): string {
  return `host/${host}`;
}

/** The workflow id of a relationship. */
export function makeRelationshipId(name: string): string {
  return `relationship/${name}`;
}

/** The workflow id of what the agent of a host tells of itself. */
export function makeAgentToldId(host: string): string {
  return `agent/${host}`;
}

/** The workflow id of what delivers a message to a receiver; also what the receiver may tell it by. */
export function noticeId(receiver: string, id: string): string {
  return `notice/${receiver}/${id}`;
}

/** The name of the relationship in a relationship's workflow id; undefined for any other workflow. */
export function parseRelationshipId(workflowId: string): string | undefined {
  return /^relationship\/([^/]+)$/.exec(workflowId)?.[1];
}

/** Of an operation: its relationship, and its kind. */
export const OPERATION_ID =
  /^relationship\/([^/]+)\/(sync|verify|restore|failover|relocate|reverse|drill)\/\d+$/;

/** The workflow id of one operation: `relationship/wiki/sync/000042`. */
export function makeOperationId(name: string, operation: string, sequence: number): string {
  return `${makeRelationshipId(name)}/${operation}/${String(sequence).padStart(6, '0')}`;
}

/** The id of the Temporal Schedule of a relationship: the relationship's own name. */
export function makeScheduleId(name: string): string {
  return name;
}

/** The id of the Temporal Schedule of a relationship's drills: a name that no relationship can have. */
export function makeDrillScheduleId(name: string): string {
  return `drill/${name}`;
}

/** The id of one sync, unique per relationship for ever and sortable: `wiki-000042`. */
export function makeSyncId(name: string, sequence: number): string {
  return `${name}-${String(sequence).padStart(6, '0')}`;
}

/**
 * The id of a recovery point: its capture time in UTC and its sync's sequence number, for example
 * `20261121T080210Z-000042`. It sorts by time, and stays unique when the clock jumps back.
 */
export function makePointId(capturedAt: string, sequence: number): string {
  const compact = new Date(capturedAt).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  return `${compact}-${String(sequence).padStart(6, '0')}`;
}

/** Names of hosts, relationships and targets: what they may consist of. */
export const NAME_PATTERN = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;

/** Namespace and name of a PersistentVolumeClaim: `shop/mysql`. */
export const CLAIM_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The host of an endpoint that names none, until it is given one. */
export const AT_SOURCE = '';
