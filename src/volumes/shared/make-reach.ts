/** Reaching what lies on the agent's own host. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { reachHere } from '../../movers/reach';
import type { VolumeDriver } from '../contract';

type PointPath = (host: Host, volume: Volume, relationship: string, pointId: string) => Promise<string>;

/**
 * `reach` of the volume contract where programs of the agent's host find every state by a path.
 * @param pointPath where a point can be read; makes it readable where that takes a mount. @throws PointMissing
 */
export function makeReach(pointPath: PointPath): VolumeDriver['reach'] {
  return async (host, volume, state) => {
    if (state.of === 'live') return reachHere(host, volume.path);
    if (state.of === 'capture') return reachHere(host, state.capture.path);
    return reachHere(host, await pointPath(host, volume, state.relationship, state.pointId));
  };
}
