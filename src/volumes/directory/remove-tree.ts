import { type Place, isSubvolume } from './place';
import { deleteSubvolume } from './subvolumes/delete';

/** Removes a tree of ours, which may be a btrfs snapshot. Nothing there is not an error. */
export async function removeTree(place: Place, path: string): Promise<void> {
  if (await isSubvolumeAt(place, path)) await deleteSubvolume(place, path);
  else await place.host.files.remove(path);
}

/** True where a path of this volume's filesystem is a btrfs subvolume. */
export async function isSubvolumeAt(place: Place, path: string): Promise<boolean> {
  return place.mount.type === 'btrfs' && (await isSubvolume(place.host, path));
}
