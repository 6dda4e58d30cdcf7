/** Whether what a target holds is this relationship's own copy. */
import { targetName } from '../../model/endpoints';
import type { Claim } from '../../model/records';
import type { Inspection } from '../../volumes/contract';
import type { AgentContext } from './context';
import type { HostActivities } from '../contract';
import { readLandings } from './landed';

interface Owner {
  claim: Pick<Claim, 'relationship'>;
  /** The primary, as `host:path`. */
  copyOf: string;
}

/** The relationship released it as a copy of the same primary, and nobody has claimed it since. */
function isReleased({ released }: Inspection, { claim, copyOf }: Owner): boolean {
  return released?.relationship === claim.relationship && released.copyOf === copyOf;
}

/** Data that no sync of this relationship put there, as far as it can be told without reading it. */
export function isForeign(inspection: Inspection, owner: Owner): boolean {
  const { exists, empty, claim } = inspection;
  if (!exists || empty || claim?.relationship === owner.claim.relationship) return false;
  return !isReleased(inspection, owner);
}

/**
 * Somebody wrote to a copy while nobody claimed it: it may be theirs by now. Of kinds that prove a state by its
 * identity, the sync finds that out for itself, as always.
 */
export async function wasWrittenMeanwhile(
  { host, volumes }: Pick<AgentContext, 'host' | 'volumes'>,
  inspection: Inspection,
  input: Parameters<HostActivities['prepareTarget']>[0],
  signal: AbortSignal,
): Promise<boolean> {
  const { volume, claim, syncId, target } = input;
  const { relationship } = claim;
  if (inspection.empty || inspection.claim || !isReleased(inspection, input)) return false;
  const landings = await readLandings(host, { relationship, target: targetName(target), syncId });
  return (
    (await volumes.driverFor(volume).wasWritten?.(host, volume, { relationship, landings, signal })) ?? false
  );
}
