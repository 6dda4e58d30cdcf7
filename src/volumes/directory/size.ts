import { countEntries, measureTree } from '../../hosts/measure-tree';
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import type { VolumeSize } from '../contract';

/** `size` of the volume contract. */
export async function size(host: Host, { path }: Volume): Promise<VolumeSize> {
  if ((await host.run(['test', '-d', path])).exitCode !== 0) return { fileBytes: 0, entries: 0 };
  const [fileBytes, entries] = await Promise.all([
    measureTree(host, path, { apparent: true }),
    countEntries(host, path),
  ]);
  return { fileBytes, entries };
}
