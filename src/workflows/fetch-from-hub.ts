/** The targets of a sync that fetch from a hub, each on its own host, in its own time and with its own fate. */
import { getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import { operationNewsSignal } from '../api/messages';
import { placeOf, targetName, volumePath } from '../model/endpoints';
import { makeFailure } from '../model/failure';
import { asReadBy, readingPlace, type SyncLegs } from '../model/hub';
import { makeRelationshipId } from '../model/names';
import type { OperationNews } from '../model/operation-news';
import { withoutPoints } from '../model/record-sync';
import type { Failure, Instant, TargetOutcome } from '../model/records';
import type { TargetSpec } from '../model/spec';
import { failEach, type Ran, runTargets } from './run-targets';
import type { SyncContext } from './sync-context';

/** Why nobody may fetch: what they were to get did not get to the hub. */
function whyNot({ isChained, hub }: SyncLegs, written: Ran): Failure | undefined {
  if (!isChained || !hub) return undefined;
  const outcome = written.targets.find(({ name }) => name === targetName(hub));
  if (outcome?.result === 'succeeded') return undefined;
  return outcome?.failure ?? written.failure ?? makeFailure('TransferInterrupted', 'the hub was not written');
}

interface Fetched {
  outcomes: TargetOutcome[];
  capturedAt?: Instant;
}

/**
 * Tells the relationship, which goes on with others meanwhile. A sync that is part of a change of the primary is nobody's
 * to go on beside.
 */
async function tellRelationship(ctx: SyncContext, news: Omit<OperationNews, 'workflowId'>): Promise<void> {
  const { parent, workflowId } = workflowInfo();
  if (parent?.workflowId !== makeRelationshipId(ctx.name)) return;
  try {
    await getExternalWorkflowHandle(parent.workflowId).signal(operationNewsSignal, { ...news, workflowId });
  } catch {
    // It learns of it from the sync's result.
  }
}

/** The targets of one place: what that has fetched is one tree, from which all of them are brought up to date. */
async function fetchOn(
  ctx: SyncContext,
  hub: TargetSpec,
  readers: [TargetSpec, ...TargetSpec[]],
  { notBefore, shape }: Pick<SyncContext, 'notBefore' | 'shape'>,
): Promise<Fetched> {
  const own: SyncContext = {
    ...{ ...ctx, document: asReadBy(ctx.document, hub, readers), targets: readers.map(targetName) },
    copyOf: placeOf(ctx.document.spec.source),
    ...(notBefore !== undefined && { notBefore }),
    ...(shape && { shape }),
  };
  for (const reader of readers) ctx.show(targetName(reader), `fetching from ${volumePath(hub)}`);
  const { targets, capturedAt } = await runTargets(own, readers);
  return { outcomes: targets, ...(capturedAt !== undefined && { capturedAt }) };
}

/** @param written what this sync has brought to the hub, if anything */
export async function fetchFromHub(
  ctx: SyncContext,
  legs: SyncLegs,
  written: Ran,
): Promise<Pick<Ran, 'targets' | 'capturedAt'>> {
  const { readers, hub, isChained } = legs;
  const failure = whyNot(legs, written);
  if (!hub || failure) return { targets: failure ? failEach(readers, failure) : [] };
  if (legs.written.length > 0) await tellRelationship(ctx, { fetching: true });
  const { shape } = written;
  const newest = isChained ? written.targets.find(({ name }) => name === targetName(hub))?.point : undefined;
  const groups = [...Map.groupBy(readers, readingPlace).values()];
  let atWork = groups.length;
  const ran = await Promise.all(
    groups.map(async ([first, ...others]): Promise<Fetched> => {
      if (!first) return { outcomes: [] };
      const fetched = await fetchOn(ctx, hub, [first, ...others], {
        ...(newest && { notBefore: newest.capturedAt }),
        ...(shape && { shape }),
      });
      atWork--;
      const { sequence } = ctx;
      if (atWork > 0)
        for (const outcome of fetched.outcomes) {
          await tellRelationship(ctx, { ended: { sequence, outcome: withoutPoints(outcome) } });
        }
      return fetched;
    }),
  );
  const capturedAt = ran.map((each) => each.capturedAt).find((each) => each !== undefined);
  return {
    targets: ran.flatMap(({ outcomes }) => outcomes),
    ...(capturedAt !== undefined && { capturedAt }),
  };
}
