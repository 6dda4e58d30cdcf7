/** The one recovery point of such a bucket: what lies in it, as the last whole sync has left it. */
import type { Entry } from '../../../model/point-content';
import type { Instant, Point, Volume } from '../../../model/records';
import type { Host } from '../../../hosts/contract';
import type { ListRequest, PublishRequest } from '../../contract';
import { makeError } from '../../shared/tools';
import { manifestKey } from '../layout';
import { listState } from '../list-content';
import { listAll } from '../listing';
import { type Notes, pointsOf, readNotes, removeKeys, toPoint, writeVerified } from '../notes';
import { publishIn } from '../points';
import { type Bucket, bucketAt } from '../rclone';
import { dropCopies, statesIn } from '../states';
import { besideOf } from './store';

type Note = Notes['points'][number];

/** The newest point of a relationship, as the one that there is. */
export const newestOf = (notes: Notes, relationship: string): Note | undefined =>
  pointsOf(notes, relationship).at(-1);

const asDirect = (note: Note): Point => ({ ...toPoint(note), method: 'Direct' });

/** A sync has begun to write since that point, and none has come through: what is there may be of two states. */
export function isMixture({ begun }: Notes, newest: Note | undefined): boolean {
  return begun.some(({ state }) => newest === undefined || state > newest.state);
}

const read = async (host: Host, volume: Volume) => {
  const beside = besideOf(bucketAt(host, volume));
  return { beside, notes: await readNotes(beside) };
};

/** `points` of the volume contract: the newest state is all there is. */
export async function points(host: Host, volume: Volume, relationship: string): Promise<Point[]> {
  const newest = newestOf((await read(host, volume)).notes, relationship);
  return newest ? [asDirect(newest)] : [];
}

/** `isChanged` of the volume contract. */
export async function isChanged(host: Host, volume: Volume, relationship: string): Promise<boolean> {
  const { notes } = await read(host, volume);
  return isMixture(notes, newestOf(notes, relationship));
}

/** @throws TidemarkError `PointMissing`; `NotReady` where a sync was cut off since */
export async function findWhole(bucket: Bucket, relationship: string, pointId: string): Promise<Note> {
  const notes = await readNotes(besideOf(bucket));
  const newest = newestOf(notes, relationship);
  if (newest?.stamp.id !== pointId) {
    throw makeError(bucket, 'PointMissing', `there is no recovery point ${pointId}`, {
      hint: newest
        ? `the layout of volsync holds the newest state alone, which is ${newest.stamp.id}`
        : `there is none yet: tidemark sync ${relationship} --wait`,
    });
  }
  if (!isMixture(notes, newest)) return newest;
  throw makeError(
    bucket,
    'NotReady',
    'a sync into it is going on or was cut off: what is there is of two states',
    {
      hint: `tidemark sync ${relationship} completes it; the layout of volsync keeps no earlier state`,
    },
  );
}

/** `listContent` of the volume contract. */
export async function listContent(
  host: Host,
  volume: Volume,
  { relationship, pointId }: ListRequest,
  onEntry: (entry: Entry) => void,
): Promise<void> {
  const bucket = bucketAt(host, volume);
  const { state } = await findWhole(bucket, relationship, pointId);
  await listState(besideOf(bucket), state, onEntry);
}

/** `publish` of the volume contract. */
export async function publish(host: Host, volume: Volume, request: PublishRequest): Promise<Point> {
  const shown = (notes: Notes, relationship: string) => {
    const newest = newestOf(notes, relationship);
    return newest ? [newest] : [];
  };
  return await publishIn(besideOf(bucketAt(host, volume)), request, shown, asDirect);
}

/** `markVerified` of the volume contract. */
export async function markVerified(
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
  when: Instant | null,
): Promise<void> {
  const { beside, notes } = await read(host, volume);
  const newest = newestOf(notes, relationship);
  if (newest?.stamp.id !== pointId) return;
  if (when === null) await removeKeys(beside, newest.verifiedKeys);
  else await writeVerified(beside, pointId, when);
}

/** `prune` of the volume contract: notes of what is no more. */
export async function prune(
  host: Host,
  volume: Volume,
  { relationship }: { relationship: string },
): Promise<void> {
  const { beside, notes } = await read(host, volume);
  const newest = newestOf(notes, relationship);
  if (!newest) return;
  const former = pointsOf(notes, relationship).filter((note) => note !== newest);
  const over = notes.begun.filter(({ state }) => state <= newest.state);
  const keys = [
    ...former.flatMap(({ key, verifiedKeys }) => [key, ...verifiedKeys]),
    ...over.map(({ key }) => key),
  ];
  if (keys.length === 0) return;
  const states = statesIn(await listAll(beside)).filter((state) => state < newest.state);
  await removeKeys(beside, [...keys, ...states.map(manifestKey)]);
  await dropCopies(beside, states);
}
