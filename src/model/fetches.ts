/**
 * Syncs in which only targets are still at work that fetch from the hub. Each may take hours over a slow line, and keeps
 * nobody waiting but who needs that very target. Pure.
 */
import { isAtSource, targetName } from './endpoints';
import { legsOf, readingPlace } from './hub';
import type { SyncRecord } from './records';
import { activeDocument } from './relationship-state';
import type { RelationshipState } from './relationship-state';
import type { Relationship } from './spec';
import type { Fetch, OperationKind } from './status';

/**
 * The targets that fetch just now, and those beside them on the same hosts: each host, and each namespace of a cluster, has one copy of what it fetches, from
 * which all of its targets are brought up to date.
 */
export function fetchingTargets(state: RelationshipState): string[] {
  const { fetches = [] } = state;
  const targets = activeDocument(state)?.spec.targets ?? [];
  const names = new Set(fetches.flatMap((fetch) => fetch.targets));
  const readers = targets.filter((target) => !isAtSource(target));
  const places = new Set(readers.filter((target) => names.has(targetName(target))).map(readingPlace));
  return readers.filter((target) => places.has(readingPlace(target))).map(targetName);
}

/** Whether a sync asks nothing of the source: by the clock, of targets that fetch from the hub alone. By name. */
export function isFetchAlone(
  document: Relationship,
  names: readonly string[],
  reason: SyncRecord['reason'],
): boolean {
  const { readers, written } = legsOf(document, names, reason);
  return readers.length > 0 && written.length === 0;
}

export function beginFetch(state: RelationshipState, fetch: Fetch): void {
  state.fetches = [...(state.fetches ?? []), fetch];
}

/** The source has been read, and the hub written: what is left of the present operation runs beside the next ones. */
export function handOver(state: RelationshipState, workflowId: string): void {
  const { operation } = state;
  const document = activeDocument(state);
  if (operation?.workflowId !== workflowId || !document) return;
  const names = operation.targets ?? document.spec.targets.map(targetName);
  const targets = legsOf(document, names, 'request').readers.map(targetName);
  beginFetch(state, { ...operation, targets });
  delete state.operation;
}

/** One target of it is through. */
export function endTarget(state: RelationshipState, workflowId: string, name: string): void {
  for (const fetch of state.fetches ?? []) {
    if (fetch.workflowId === workflowId) fetch.targets = fetch.targets.filter((each) => each !== name);
  }
}

export function endFetch(state: RelationshipState, workflowId: string): void {
  const left = (state.fetches ?? []).filter((fetch) => fetch.workflowId !== workflowId);
  if (left.length > 0) state.fetches = left;
  else delete state.fetches;
}

/** What an operation that is asked for may be kept waiting by. */
export interface Wanted {
  kind: OperationKind | 'fence' | 'retire';
  /** The targets that it is for, by name; undefined: nobody can say. */
  targets?: readonly string[];
}

/** How an operation stands that is asked for: others may pass one that `waits`, and nothing one that `blocks`. */
export type Turn = 'now' | 'waits' | 'blocks';

/** Whether an operation may run beside the targets that fetch. */
export function turnOf(state: RelationshipState, { kind, targets }: Wanted): Turn {
  if (!state.fetches) return 'now';
  if (kind !== 'sync' && kind !== 'verify' && kind !== 'restore') return 'blocks';
  const fetching = fetchingTargets(state);
  if (targets === undefined) return 'waits';
  return targets.some((name) => fetching.includes(name)) ? 'waits' : 'now';
}
