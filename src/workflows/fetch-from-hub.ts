/** The targets of a sync that fetch from a hub, each on its own host, in its own time and with its own fate. */
import { placeOf, targetName, volumePath } from '../model/endpoints';
import { makeFailure } from '../model/failure';
import { asReadBy, type SyncLegs } from '../model/hub';
import type { Failure, Instant, TargetOutcome } from '../model/records';
import { failEach, type Ran, runTargets } from './run-targets';
import type { SyncContext } from './sync-context';

/** Why nobody may fetch: what they were to get did not get to the hub. */
function whyNot({ isChained, hub }: SyncLegs, written: Ran): Failure | undefined {
  if (!isChained || !hub) return undefined;
  const outcome = written.targets.find(({ name }) => name === targetName(hub));
  if (outcome?.result === 'succeeded') return undefined;
  return outcome?.failure ?? written.failure ?? makeFailure('TransferInterrupted', 'the hub was not written');
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
  const copyOf = placeOf(ctx.document.spec.source);
  const newest = isChained ? written.targets.find(({ name }) => name === targetName(hub))?.point : undefined;
  const ran = await Promise.all(
    readers.map(async (reader): Promise<{ outcome: TargetOutcome[]; capturedAt?: Instant }> => {
      const own: SyncContext = {
        ...{ ...ctx, document: asReadBy(ctx.document, hub, reader), targets: [targetName(reader)], copyOf },
        ...(newest && { notBefore: newest.capturedAt }),
      };
      ctx.show(targetName(reader), `fetching from ${volumePath(hub)}`);
      const { targets, capturedAt } = await runTargets(own, [reader]);
      return { outcome: targets, ...(capturedAt !== undefined && { capturedAt }) };
    }),
  );
  const capturedAt = ran.map((each) => each.capturedAt).find((each) => each !== undefined);
  return {
    targets: ran.flatMap(({ outcome }) => outcome),
    ...(capturedAt !== undefined && { capturedAt }),
  };
}
