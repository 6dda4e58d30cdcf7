import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import type { VolumeSize } from '../contract';
import { takeFingerprint } from '../../trees/fingerprint';

/** `size` of the volume contract. */
export async function size(host: Host, { path }: Volume): Promise<VolumeSize> {
  if ((await host.run(['test', '-d', path])).exitCode !== 0) return { fileBytes: 0, entries: 0 };
  const { fileBytes, entries } = await takeFingerprint(host, path);
  return { fileBytes, entries };
}
