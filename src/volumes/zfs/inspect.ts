/** What a dataset is, and what can be done with it. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { showClaims } from '../shared/state';
import type { DiskUse, Inspection, VolumeSize } from '../contract';
import { isEmpty } from './capture';
import { readClaims } from './claims';
import { datasetsOf, numberOf } from './listing';
import { parentOf } from './names';
import { findPlace, type Place } from './place';
import { isMissing, runZfs } from './tools';

const INSTEAD = 'a ZFS dataset is frozen by a snapshot: use copyMethod Snapshot, or leave it out';

/** `inspect` of the volume contract. */
export async function inspect(host: Host, volume: Volume): Promise<Inspection> {
  const place = await findPlace(host, volume);
  const claims = showClaims(readClaims(place));
  const { mountpoint = '', mounted } = place.dataset?.properties ?? {};
  return {
    exists: place.dataset !== undefined,
    filesystem: 'zfs',
    mountPoint: mounted === 'yes' ? mountpoint : '',
    freeBytes: await readFree(place),
    empty: await isEmpty(place),
    capture: ['Snapshot'],
    points: ['Snapshot'],
    whyNot: { Direct: INSTEAD, Clone: INSTEAD, HardLink: INSTEAD },
    ...claims,
  };
}

/** For the volume, or what would hold it. */
async function readFree(place: Place): Promise<number> {
  if (place.dataset) return numberOf(place.dataset, 'available');
  for (let at = parentOf(place.volume.path); at !== undefined; at = parentOf(at)) {
    const { exitCode, stdout } = await runZfs(place, ['get', '-Hp', '-o', 'value', 'available', at], {
      allow: isMissing,
    });
    if (exitCode === 0) return Number(stdout.toString()) || 0;
  }
  return 0;
}

/** `size` of the volume contract. ZFS does not count files. */
export async function size(host: Host, volume: Volume): Promise<VolumeSize> {
  return { fileBytes: (await diskUse(host, volume)).diskBytes, entries: 0 };
}

/** `diskUse` of the volume contract. A stream carries files of several names as they are: nobody asks for those. */
export async function diskUse(host: Host, volume: Volume): Promise<DiskUse> {
  const { entries } = await findPlace(host, volume);
  const diskBytes = datasetsOf(entries).reduce((sum, dataset) => sum + numberOf(dataset, 'referenced'), 0);
  return { diskBytes, hasHardLinks: false };
}
