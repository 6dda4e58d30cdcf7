/** Whose turn it is to write: a bucket belongs to one relationship, and to one primary of it at a time. */
import type { Claim, Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { Inspection, VolumeDriver } from '../contract';
import { forgetClaim, isRemembered, noteClaim } from '../shared/memory';
import { makeError } from '../shared/tools';
import { listTop } from './listing';
import {
  forgetLooks,
  newestEpoch,
  newestPoint,
  type Notes,
  pointsOf,
  readNotes,
  removeKeys,
  toPoint,
  writeClaim,
  writeReleased,
} from './notes';
import { type Bucket, bucketAt } from './rclone';

const WHY_NOT = 'a bucket keeps states of its own: leave copyMethod out';
/** Nobody can ask an object store how much room it has. */
const NOBODY_KNOWS = Number.MAX_SAFE_INTEGER;

/** `inspect` of the volume contract. What others put there, before it was claimed, is data of theirs. */
export async function inspect(host: Host, volume: Volume): Promise<Inspection> {
  const bucket = bucketAt(host, volume);
  const notes = await readNotes(bucket);
  const [claim] = notes.claims.toSorted((one, other) => other.epoch - one.epoch);
  const { released } = notes;
  const isEmpty = claim === undefined ? (await listTop(bucket)).length === 0 : notes.points.length === 0;
  return {
    ...{ exists: claim !== undefined || !isEmpty, filesystem: 'rclone', mountPoint: volume.path },
    empty: isEmpty,
    ...{ freeBytes: NOBODY_KNOWS, capture: ['Snapshot'], points: ['Snapshot'] },
    whyNot: { Clone: WHY_NOT, HardLink: WHY_NOT, Direct: WHY_NOT },
    ...(claim && {
      claim: { relationship: claim.relationship, epoch: claim.epoch, role: 'target' as const },
    }),
    ...(!claim && released && { released }),
  };
}

/** @throws TidemarkError `Fenced` where a later primary writes to it, or another relationship does */
export function checkOwner(bucket: Bucket, notes: Notes, { relationship, epoch }: Claim): void {
  const other = notes.claims.find((claim) => claim.relationship !== relationship);
  if (other) {
    throw makeError(bucket, 'Fenced', `it belongs to relationship ${other.relationship}`, {
      hint: `choose another folder, or remove ${other.key} where that relationship is no more`,
    });
  }
  const newest = newestEpoch(notes, relationship);
  if (newest <= epoch) return;
  throw makeError(
    bucket,
    'Fenced',
    `another host writes to it since epoch ${newest}, and this is epoch ${epoch}: it is the primary by now`,
    { hint: `tidemark describe ${relationship} says which` },
  );
}

type Options = Parameters<VolumeDriver['check']>[3];

/**
 * Whoever reads takes what is there, whoever writes it; but of their own relationship only what the present primary wrote: what
 * an earlier one wrote last, nobody else may have.
 */
function checkReadable(bucket: Bucket, notes: Notes, { relationship, epoch }: Claim): void {
  const newest = newestPoint(notes);
  if (!newest) {
    throw makeError(bucket, 'VolumeMissing', 'there is no state of Tidemark in it', {
      hint: 'the relationship that writes to it has to be synced first; see whether the bucket in the spec is the right one',
    });
  }
  if (newest.relationship !== relationship || newest.epoch >= epoch) return;
  throw makeError(bucket, 'NotReady', `the primary of epoch ${epoch} has not written to it yet`, {
    hint: `tidemark sync ${relationship} has it do so`,
  });
}

/**
 * A bucket that was there is not begun anew without a word: it may be away, or its name may be another one's by now.
 * @throws TidemarkError `VolumeMissing`, `Fenced`
 */
export async function check(host: Host, volume: Volume, wanted: Claim, options: Options = {}): Promise<void> {
  const bucket = bucketAt(host, volume);
  // Another agent writes: what was seen some seconds ago may be behind it.
  if (wanted.role === 'source') forgetLooks(bucket);
  const notes = await readNotes(bucket);
  if (wanted.role === 'source') {
    checkReadable(bucket, notes, wanted);
    return;
  }
  const isThere = notes.claims.some(({ relationship }) => relationship === wanted.relationship);
  if (!isThere && options.approved !== true && (await isRemembered(bucket, wanted.relationship))) {
    throw makeError(bucket, 'VolumeMissing', 'what was in the bucket is gone', {
      hint: `bring it back, or correct its name; tidemark approve ${wanted.relationship} begins anew`,
    });
  }
  checkOwner(bucket, notes, wanted);
}

/** Notes who writes from now on. Idempotent. */
export async function noteOwner(bucket: Bucket, wanted: Claim): Promise<void> {
  const { relationship, epoch } = wanted;
  if (newestEpoch(await readNotes(bucket), relationship) < epoch) await writeClaim(bucket, wanted);
}

/** Notes that a relationship writes no more, and whose copy it was. Idempotent. */
export async function noteReleased(bucket: Bucket, relationship: string, copyOf?: string): Promise<void> {
  const notes = await readNotes(bucket);
  const own = notes.claims.filter((each) => each.relationship === relationship);
  if (own.length > 0 && copyOf !== undefined)
    await writeReleased(bucket, { relationship, epoch: newestEpoch(notes, relationship), copyOf });
  await removeKeys(
    bucket,
    own.map(({ key }) => key),
  );
}

/** `claim` of the volume contract. Who only reads leaves nothing there. */
export async function claim(host: Host, volume: Volume, wanted: Claim, options: Options = {}): Promise<void> {
  await check(host, volume, wanted, options);
  if (wanted.role === 'source') return;
  const bucket = bucketAt(host, volume);
  await noteOwner(bucket, wanted);
  await noteClaim(bucket, wanted);
}

/** `disclaim` of the volume contract: what is there stays, and says whose it was. */
export async function disclaim(
  host: Host,
  volume: Volume,
  relationship: string,
  copyOf?: string,
): Promise<void> {
  const bucket = bucketAt(host, volume);
  await noteReleased(bucket, relationship, copyOf);
  await forgetClaim(bucket, relationship);
}

/** `points` of the volume contract. */
export async function points(host: Host, volume: Volume, relationship: string): Promise<Point[]> {
  return pointsOf(await readNotes(bucketAt(host, volume)), relationship).map(toPoint);
}
