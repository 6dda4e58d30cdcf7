import type { Host } from '../../../src/hosts/contract';
import type { Volume } from '../../../src/model/records';
import type { VolumeDriver } from '../../../src/volumes/contract';

/** Where a recovery point can be read, on the agent's own host. */
export async function pointPath(
  driver: VolumeDriver,
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
): Promise<string> {
  const use = { relationship, target: 'looked-at', syncId: pointId };
  return (await driver.reach(host, volume, { of: 'point', relationship, pointId }, use)).path;
}
