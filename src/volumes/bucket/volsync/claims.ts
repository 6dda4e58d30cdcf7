/** Whose turn it is to write to a bucket that lies as VolSync has it. What VolSync itself does there, nobody can forbid. */
import { setTimeout as sleep } from 'node:timers/promises';
import { STATE_FOLDER } from '../../../model/paths';
import type { Claim, Volume } from '../../../model/records';
import type { Host } from '../../../hosts/contract';
import type { Inspection, VolumeDriver } from '../../contract';
import { forgetClaim, isRemembered, noteClaim } from '../../shared/memory';
import { makeError } from '../../shared/tools';
import { checkOwner, noteOwner, noteReleased } from '../claims';
import { listTop } from '../listing';
import { forgetLooks, readNotes } from '../notes';
import { type Bucket, bucketAt } from '../rclone';
import { FACL } from './facl';
import { besideOf, isAtTop } from './store';

const WHY_NOT = 'the layout of volsync holds the newest state alone: leave copyMethod out';
/** Nobody can ask an object store how much room it has. */
const NOBODY_KNOWS = Number.MAX_SAFE_INTEGER;

/** `inspect` of the volume contract. Of a source nothing is asked that lies beside it: it may be anybody's. */
export async function inspect(
  host: Host,
  volume: Volume,
  { inside = true }: { inside?: boolean } = {},
): Promise<Inspection> {
  const bucket = bucketAt(host, volume);
  const notes = inside ? await readNotes(besideOf(bucket)) : undefined;
  const [claim] = (notes?.claims ?? []).toSorted((one, other) => other.epoch - one.epoch);
  const isUnclaimed = notes !== undefined && claim === undefined;
  const empty = isUnclaimed ? (await listTop(bucket)).length === 0 : notes?.points.length === 0;
  const released = notes?.released;
  return {
    ...{ exists: !isUnclaimed || !empty, filesystem: 'rclone', mountPoint: volume.path, empty },
    ...{ freeBytes: NOBODY_KNOWS, capture: ['Snapshot'], points: ['Direct'] },
    whyNot: { Clone: WHY_NOT, HardLink: WHY_NOT, Direct: WHY_NOT, Snapshot: WHY_NOT },
    ...(claim && {
      claim: { relationship: claim.relationship, epoch: claim.epoch, role: 'target' as const },
    }),
    ...(!claim && released && { released }),
  };
}

/** VolSync's mover takes the file away for a moment. */
const LOOKS = 2;
const BETWEEN_MS = 2_000;

export function makeUnfinished(bucket: Bucket) {
  return makeError(
    bucket,
    'NotReady',
    `there is no ${FACL} in it: VolSync's mover has never finished there`,
    {
      hint: 'see whether it is the right folder, what rcloneDestPath of the ReplicationSource says, and whether that has synced',
    },
  );
}

async function checkReadable(bucket: Bucket): Promise<void> {
  for (let left = LOOKS; left > 0; left--) {
    if (await isAtTop(bucket, FACL)) return;
    if (left > 1) await sleep(BETWEEN_MS);
  }
  throw makeUnfinished(bucket);
}

type Options = Parameters<VolumeDriver['check']>[3];

/** `check` of the volume contract. @throws TidemarkError `VolumeMissing`, `Fenced`; of a source `NotReady` */
export async function check(host: Host, volume: Volume, wanted: Claim, options: Options = {}): Promise<void> {
  const bucket = bucketAt(host, volume);
  if (wanted.role === 'source') {
    await checkReadable(bucket);
    return;
  }
  const { relationship } = wanted;
  const notes = await readNotes(besideOf(bucket));
  const isThere = notes.claims.some((claim) => claim.relationship === relationship);
  if (!isThere && (await isAtTop(bucket, STATE_FOLDER))) {
    throw makeError(
      bucket,
      'Fenced',
      'files in it lie as Tidemark has them, and not in the layout of volsync',
      {
        hint: 'choose another folder; a bucket does not change its layout',
      },
    );
  }
  if (!isThere && options.approved !== true && (await isRemembered(bucket, relationship))) {
    throw makeError(
      bucket,
      'VolumeMissing',
      `what Tidemark noted in ${besideOf(bucket).volume.path} is gone`,
      {
        hint: `bring it back, or correct the bucket; tidemark approve ${relationship} begins anew`,
      },
    );
  }
  checkOwner(besideOf(bucket), notes, wanted);
}

/** `claim` of the volume contract. Who only reads leaves nothing there. */
export async function claim(host: Host, volume: Volume, wanted: Claim, options: Options = {}): Promise<void> {
  await check(host, volume, wanted, options);
  if (wanted.role === 'source') return;
  const bucket = bucketAt(host, volume);
  await noteOwner(besideOf(bucket), wanted);
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
  // Of a source that somebody else owns, nothing is known here, and nothing noted there.
  if (!(await isRemembered(bucket, relationship))) return;
  const beside = besideOf(bucket);
  forgetLooks(beside);
  await noteReleased(beside, relationship, copyOf);
  await forgetClaim(bucket, relationship);
}
