import type { FleetAnswer } from '../api/fleet-answer';
import { getJson } from './http';

/** As many as the API gives at once. */
const ALL = 100_000;

/** How all relationships are, as they told the catalog. @throws ClientError where it does not answer */
export async function getFleet(): Promise<FleetAnswer> {
  return await getJson<FleetAnswer>('/v1/fleet', { limit: ALL });
}
