/** Applies one document and waits for the sync that its spec asks for: what every front door that waits goes through. */
import type { ApplyAnswer, SyncAnswer } from '../api/messages';
import { makeOperationId } from '../model/names';
import type { SyncRecord } from '../model/records';
import type { Selection } from '../model/selections';
import type { Relationship } from '../model/spec';
import { tellError } from './exit-codes';
import { recordIn } from './format-record';
import { operationResult } from './operation-result';
import type { Temporal } from './temporal-client';

export interface Applied {
  name: string;
  outcome: ApplyAnswer['outcome'] | 'valid';
  warnings: string[];
  /** Which hosts its selectors mean now, where it has any. */
  selections?: Selection[];
  sync?: SyncRecord;
}

/** Waits for a sync. Answers its record, whether it succeeded or not. @throws what ended it without a record */
export type FollowSync = (temporal: Temporal, workflowId: string) => Promise<SyncRecord>;

/** The record of a sync, once its result is there. */
export async function recordOf(result: Promise<SyncRecord>): Promise<SyncRecord> {
  try {
    return await result;
  } catch (error) {
    const record = recordIn(error);
    if (record) return record;
    throw error;
  }
}

const waitForSync: FollowSync = (temporal, workflowId) =>
  recordOf(operationResult<SyncRecord>(temporal, workflowId));

/**
 * The first sync by the spec that was applied: the one that runs, or was quicker than this look, or else one that is asked
 * for now; undefined where the state allows none.
 */
async function findSync(temporal: Temporal, name: string, sequence: number): Promise<string | undefined> {
  const { operation, ...status } = await temporal.status(name);
  // One that began before is not by this spec.
  if (status.sequence > sequence) {
    if (operation?.kind === 'sync') return operation.workflowId;
    if (!operation && status.lastSync) return makeOperationId(name, 'sync', status.sequence);
  }
  try {
    return (await temporal.update<SyncAnswer>(name, 'sync', {})).workflowId;
  } catch (error) {
    if (tellError(error).type === 'RefusedByState') return undefined;
    throw error;
  }
}

const hasNoTarget = async (temporal: Temporal, name: string): Promise<boolean> =>
  (await temporal.status(name)).targets.length === 0;

/** How a relationship fared after its spec was applied. */
export async function awaitSync(
  temporal: Temporal,
  name: string,
  answer: ApplyAnswer,
  follow: FollowSync = waitForSync,
): Promise<Applied> {
  const { outcome, warnings, sequence, selections } = answer;
  const applied: Applied = { name, outcome, warnings, ...(selections && { selections }) };
  // There is nothing to sync to yet: an agent that comes starts it.
  if (
    selections &&
    selections.every(({ hosts }) => hosts.length === 0) &&
    (await hasNoTarget(temporal, name))
  )
    return applied;
  if (outcome === 'unchanged') return applied;
  const workflowId = await findSync(temporal, name, sequence);
  if (workflowId !== undefined) return { ...applied, sync: await follow(temporal, workflowId) };
  return {
    ...applied,
    warnings: [...warnings, 'did not wait for a sync: it is paused, or waits for a person'],
  };
}

/** Applies one document, and waits for its sync. @throws what it was refused for. */
export async function applyOne(temporal: Temporal, document: Relationship): Promise<Applied> {
  return awaitSync(temporal, document.metadata.name, await temporal.apply(document));
}
