/** What a store of images is, and what can be done with it. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { showClaims } from '../shared/state';
import type { DiskUse, Inspection, VolumeSize } from '../contract';
import { indexNames, sumBytes } from './image-set';
import { findPlace } from './place';

const WHY_NOT = 'images are always kept by their digests: leave copyMethod out, or use copyMethod Snapshot';

/** `inspect` of the volume contract. */
export async function inspect(host: Host, volume: Volume): Promise<Inspection> {
  const place = await findPlace(host, volume);
  const claims = showClaims(place.state);
  const images = place.exists ? await place.engine.images(place) : [];
  return {
    exists: place.exists,
    filesystem: `${place.kind} (${place.storage})`,
    mountPoint: place.mount.point,
    ...(await host.files.room(place.exists ? place.root : place.mount.point)),
    empty: indexNames(images).size === 0,
    capture: ['Snapshot'],
    points: ['Snapshot'],
    whyNot: { Direct: WHY_NOT, Clone: WHY_NOT, HardLink: WHY_NOT },
    ...claims,
  };
}

/** `size` of the volume contract: all images, each shared layer once as far as the engine tells. */
export async function size(host: Host, volume: Volume): Promise<VolumeSize> {
  const place = await findPlace(host, volume);
  const images = place.exists ? await place.engine.images(place) : [];
  return { fileBytes: sumBytes(images), entries: images.length };
}

/** `diskUse` of the volume contract. */
export async function diskUse(host: Host, volume: Volume): Promise<DiskUse> {
  return { diskBytes: (await size(host, volume)).fileBytes, hasHardLinks: false };
}
