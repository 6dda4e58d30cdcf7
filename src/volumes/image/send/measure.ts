import type { Host } from '../../../hosts/contract';
import type { MoverSpec } from '../../../model/spec';
import type { Reach } from '../../../movers/reach';
import { imageOptions, readSelected } from '../capture';
import { sumBytes } from '../image-set';
import { findReadyPlace } from '../place';

/** `measure` of the mover contract: what the spec asks for, each shared layer once as far as the engine tells. */
export async function measure(
  host: Host,
  { reach: { path }, mover }: { reach: Reach; mover: MoverSpec },
): Promise<{ disk: number; files: number }> {
  const place = await findReadyPlace(host, { kind: 'image', path });
  const { set } = await readSelected(place, imageOptions(mover));
  const bytes = sumBytes(Object.values(set.images));
  return { disk: bytes, files: bytes };
}
