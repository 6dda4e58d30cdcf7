import type { Host } from '../../../src/hosts/contract';
import type { Volume } from '../../../src/model/records';
import type { TransferId } from '../../../src/movers/contract';
import type { VolumeDriver } from '../../../src/volumes/contract';

/** Works on the tree of a point of relationship `wiki`, brought here where it is not. */
export async function withTree<T>(
  { driver, host, volume }: { driver: VolumeDriver; host: Host; volume: Volume },
  use: TransferId,
  pointId: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const reach = await driver.reach(host, volume, { of: 'point', relationship: 'wiki', pointId }, use);
  try {
    return await work(reach.path);
  } finally {
    await reach.close();
  }
}
