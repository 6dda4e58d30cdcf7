import { placeOf, volumeIn, volumePath } from '../model/endpoints';
import { activeDocument } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { onControl, onHost } from './steps';

/** What may fail on a host that is away must not keep a relationship from ending. */
const ONCE = { scheduleToStartTimeout: '5s', retry: { maximumAttempts: 2 } } as const;

/** Ends a relationship: its Schedule, claims, captures and landings. Data and recovery points stay. */
export async function retire(state: RelationshipState): Promise<void> {
  const document = activeDocument(state);
  if (document) {
    const { source, targets } = document.spec;
    await Promise.allSettled([
      onControl('Remove the Schedule').removeSchedule(state.name),
      ...[source, ...targets].map((endpoint) =>
        onHost(endpoint.host, `Release ${volumePath(endpoint)}`, ONCE).retireEndpoint({
          volume: volumeIn(document, endpoint),
          relationship: state.name,
          copyOf: placeOf(source),
        }),
      ),
    ]);
    await onControl('Record in the catalog').recordRetired(state.name);
  }
  state.retired = true;
}
