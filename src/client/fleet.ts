import { type FleetAnswer, MOST_AT_ONCE } from '../api/fleet-answer';
import type { Choice, Sort } from '../model/choose-relationships';
import { getJson } from './http';

/** How relationships are, as they told the catalog. @throws ClientError where it does not answer */
export async function getFleet({ labels, ...choice }: Choice, sort?: Sort): Promise<FleetAnswer> {
  return await getJson<FleetAnswer>('/v1/fleet', { ...choice, label: labels, sort, limit: MOST_AT_ONCE });
}
