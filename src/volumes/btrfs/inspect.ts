/** What a btrfs volume is, and what is refused before anything is changed. */
import type { Claim, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { Inspection } from '../contract';
import { check as checkDirectory } from '../directory/guards';
import { inspect as inspectDirectory, isEmpty } from '../directory/inspect';
import { findPlace, type Place } from '../directory/place';
import { makeError } from '../shared/tools';
import { whyNotReplaceable } from './replica';
import { listSubvolumes } from '../directory/subvolumes/subvolumes';
import { findInner } from '../directory/subvolumes/trees';

const OTHER_METHODS =
  'btrfs freezes a subvolume by a snapshot: use copyMethod Snapshot, or name the volume as `directory`';

/** Why this can't be a btrfs volume, and what to do instead; undefined where it can. */
async function findObjection(place: Place): Promise<string | undefined> {
  const { root, mount, exists, isSubvolume } = place;
  if (mount.type !== 'btrfs') {
    return `${root} lies on ${mount.type}, not on btrfs: name it as \`directory\`, or put it on btrfs`;
  }
  if (mount.readOnly)
    return `${mount.point} is mounted read-only: mount it for writing (mount -o remount,rw)`;
  if (!exists || isSubvolume) return undefined;
  if (await isEmpty(place)) return undefined;
  return `${root} is a directory, not a btrfs subvolume: make it one (btrfs subvolume create), or name it as \`directory\``;
}

/** `inspect` of the volume contract. */
export async function inspect(host: Host, volume: Volume): Promise<Inspection> {
  // Files of several names are sent as what they are.
  const found = await inspectDirectory(host, volume);
  const place = await findPlace(host, volume);
  const objection = (await findObjection(place)) ?? found.whyNot.Snapshot;
  const whyNot = { Clone: OTHER_METHODS, HardLink: OTHER_METHODS, Direct: OTHER_METHODS };
  if (objection !== undefined) {
    return { ...found, capture: [], points: [], whyNot: { ...whyNot, Snapshot: objection } };
  }
  const inner = place.exists ? findInner(await listSubvolumes(place), place.root) : [];
  return {
    ...found,
    capture: ['Snapshot'],
    points: ['Snapshot'],
    whyNot,
    ...(inner.length > 0 && { innerVolumes: inner.map((each) => each.place) }),
  };
}

/** `check` of the volume contract. */
export async function check(
  host: Host,
  volume: Volume,
  claim: Claim,
  options: { approved?: boolean } = {},
): Promise<void> {
  await checkDirectory(host, volume, claim, options);
  const place = await findPlace(host, volume);
  const isReplaced = claim.role === 'target' ? whyNotReplaceable(place) : undefined;
  const objection = (await findObjection(place)) ?? isReplaced;
  if (objection !== undefined) throw makeError(place, 'UnsupportedCapture', objection);
}
