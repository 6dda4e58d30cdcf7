/** Relationships that only the catalog still knows, as the query `status` would tell of them. */
import type { RelationshipEntry } from '../catalog/contract';
import { targetName, volumePath } from '../model/endpoints';
import type { RelationshipStatus, TargetStatus } from '../model/status';
import { asVanished, vanishedHint, vanishedText } from '../model/vanished';
import type { Vanished } from '../model/vanished';
import { ClientError } from './exit-codes';
import { getJson } from './http';

/** Every relationship that the catalog knows and that was not deleted. @throws ClientError where it does not answer */
export async function askCatalog(): Promise<RelationshipEntry[]> {
  return await getJson<RelationshipEntry[]>('/v1/relationships');
}

/** The same; none where it does not answer. */
export async function catalogEntries(): Promise<RelationshipEntry[]> {
  return await askCatalog().catch(() => []);
}

/** What the catalog knows of a relationship whose workflow can't be asked any more. */
export function statusOfEntry(entry: RelationshipEntry, vanished: Vanished): RelationshipStatus {
  const { name, document } = entry;
  const targets = document.spec.targets.map((target): TargetStatus => {
    const known = entry.targets.find((each) => each.name === targetName(target));
    return {
      name: targetName(target),
      host: target.host,
      volume: volumePath(target),
      result: known?.result ?? 'never',
      ...(known?.recoveryPoint && { recoveryPoint: known.recoveryPoint }),
      ...(known?.capturedAt && { capturedAt: known.capturedAt }),
    };
  });
  const counts = { epoch: 0, sequence: 0, consecutiveFailures: 0, missedTicks: 0 };
  return asVanished(
    {
      ...{ name, document, phase: 'Vanished', paused: false, direction: 'forward', ...counts },
      ...{ targets, warnings: [] },
    },
    vanished,
  );
}

/** Nobody answers for it, and nobody deleted it. */
export function vanishedError(name: string, vanished: Vanished): ClientError {
  return new ClientError('NotFound', `relationship ${name}: ${vanishedText(vanished)}`, {
    hint: vanishedHint(name),
  });
}
