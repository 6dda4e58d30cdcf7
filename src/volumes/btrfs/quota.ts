/** The limit of a quota group of btrfs that leaves a folder less than its filesystem has free. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { findTightest, type Quota } from '../../model/room';
import { findRoom } from '../directory/inspect';
import { findPlace } from '../directory/place';

interface Group {
  id: string;
  referenced: number;
  /** Undefined where there is none. */
  limit?: number;
}

/** Lines of `btrfs qgroup show -r --raw`. Pure. */
export function parseGroups(text: string): Group[] {
  return text.split('\n').flatMap((line) => {
    const [id = '', referenced = '', , limit = ''] = line.trim().split(/\s+/);
    if (!/^\d+\/\d+$/.test(id)) return [];
    return [{ id, referenced: Number(referenced), ...(/^\d+$/.test(limit) && { limit: Number(limit) }) }];
  });
}

/** `quota` of the volume contract. */
export async function quota(host: Host, volume: Volume): Promise<Quota | undefined> {
  const place = await findPlace(host, volume);
  if (place.mount.type !== 'btrfs' || !place.exists) return undefined;
  // All that hold the subvolume in which the folder lies. Fails where quotas are not switched on.
  const shown = await host.run(['btrfs', 'qgroup', 'show', '-r', '--raw', '-F', '--', place.root]);
  const limits = parseGroups(shown.stdout.toString()).flatMap(({ id, referenced, limit }) => {
    if (limit === undefined) return [];
    const hint = `raise it there: btrfs qgroup limit SIZE ${id} ${place.root}`;
    return [{ what: `limit of the btrfs quota group ${id}`, bytes: limit, usedBytes: referenced, hint }];
  });
  return findTightest(limits, (await findRoom(place)).freeBytes);
}
