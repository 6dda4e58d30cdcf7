/**
 * What a bucket says of itself, in small objects that never change: whose it is, which states are recovery points, and which of
 * these were verified. All of them are kept in the agent's own folder too, so that a look fetches what is new.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { Claim, Instant, Point, Volume } from '../../model/records';
import type { Runner } from '../../hosts/contract';
import { toolFailed } from '../../hosts/run-checked';
import { namespaceOf, withTools } from '../pvc';
import { shortHash } from '../shared/short-hash';
import type { Released } from '../contract';
import { PointStampSchema } from '../shared/points';
import { withLock } from '../shared/lock';
import { checkName } from '../shared/tools';
import { NOTES } from './layout';
import { at, type Bucket, keysToStdin, NO_FOLDER, runLight, writeObject } from './rclone';

const ClaimSchema = z.object({ relationship: z.string(), epoch: z.number(), host: z.string() });
const ReleasedSchema = z.object({ relationship: z.string(), epoch: z.number(), copyOf: z.string() });
const PointSchema = z.object({
  relationship: z.string(),
  epoch: z.number(),
  /** Whose manifest says what it holds. */
  state: z.string(),
  identity: z.string(),
  stamp: PointStampSchema,
});

/** Of layouts that are written in place: from here on, what is there is of two states, until a point is of this one. */
const BegunSchema = z.object({ state: z.string() });

export type PointNote = z.output<typeof PointSchema>;

/** What is in a bucket, by its notes. */
export interface Notes {
  claims: readonly (z.output<typeof ClaimSchema> & { key: string })[];
  /** The last that gave it up. */
  released?: Released;
  /** States whose writing has begun, of layouts that are written in place. */
  begun: readonly (z.output<typeof BegunSchema> & { key: string })[];
  /** Oldest first, by sequence. */
  points: readonly (PointNote & { key: string; verifiedAt?: Instant; verifiedKeys: readonly string[] })[];
}

/** The agent's own copies, and whatever else it keeps of a bucket. */
export const folderOf = ({ host, volume }: Pick<Bucket, 'host' | 'volume'>): string =>
  join(host.home, 'buckets', keyOf(volume));

/** Whoever has other credentials looks for themselves. */
function keyOf(volume: Volume): string {
  const namespace = namespaceOf({ volume });
  const of = [volume.path, volume.options?.credentials ?? ''];
  return shortHash(JSON.stringify(namespace === undefined ? of : [...of, namespace]));
}

const NAME = /^(claim|point|verified|released|begun)\.(.+)\.json$/;

function parseNotes(files: ReadonlyMap<string, string>): Notes {
  const claims: Notes['claims'][number][] = [];
  let released: Released | undefined;
  const begun: Notes['begun'][number][] = [];
  const points: (PointNote & { key: string })[] = [];
  const verified = new Map<string, { at: Instant; keys: string[] }>();
  for (const [name, text] of files) {
    const key = `${NOTES}/${name}`;
    const [, what, rest = ''] = NAME.exec(name) ?? [];
    // What was cut off as it was written is no note; nor is what somebody else has put there.
    const value = parseJson(text);
    const claim = what === 'claim' ? ClaimSchema.safeParse(value).data : undefined;
    if (claim) claims.push({ ...claim, key });
    const beginning = what === 'begun' ? BegunSchema.safeParse(value).data : undefined;
    if (beginning) begun.push({ ...beginning, key });
    const point = what === 'point' ? PointSchema.safeParse(value).data : undefined;
    if (point) points.push({ ...point, key });
    released = (what === 'released' ? ReleasedSchema.safeParse(value).data : undefined) ?? released;
    if (what !== 'verified') continue;
    const [pointId = '', atMs = ''] = rest.split('.');
    const found = verified.get(pointId) ?? { at: '', keys: [] };
    const time = new Date(Number(atMs)).toISOString();
    verified.set(pointId, { at: time > found.at ? time : found.at, keys: [...found.keys, key] });
  }
  return {
    claims,
    begun,
    ...(released && { released }),
    points: points
      .toSorted((one, other) => one.stamp.sequence - other.stamp.sequence)
      .map((point) => {
        const { at: verifiedAt, keys: verifiedKeys } = verified.get(point.stamp.id) ?? { keys: [] };
        return { ...point, ...(verifiedAt !== undefined && { verifiedAt }), verifiedKeys };
      }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The steps of one sync ask the same, one right after the other. */
const FRESH_MS = 5_000;

const looks = new Map<string, { at: number; found: Promise<Notes> }>();

/** Somebody of this agent writes: what was seen before is not taken for what is there. */
export const forgetLooks = (bucket: Bucket): void => void looks.delete(folderOf(bucket));

/** As they were some seconds ago at the most; none where there is no bucket. */
export async function readNotes(bucket: Bucket): Promise<Notes> {
  const key = folderOf(bucket);
  const before = looks.get(key);
  if (before && performance.now() - before.at < FRESH_MS) return await before.found;
  const now = { at: performance.now(), found: look(bucket) };
  looks.set(key, now);
  const forget = () => looks.get(key) === now && looks.delete(key);
  const found = await now.found.catch((error: unknown) => {
    forget();
    throw error;
  });
  // One that was away may be back at any moment.
  if (found.claims.length === 0) forget();
  return found;
}

/** Looks anew. One at a time: they share the agent's copies. */
async function look(bucket: Bucket): Promise<Notes> {
  return await withLock(`${folderOf(bucket)}/notes`, () =>
    withTools(bucket, async (runner) => {
      const folder = join(runner.scratch, 'buckets', keyOf(bucket.volume), 'notes');
      await runner.files.mkdir(folder, 0o700);
      // None of them ever changes: those that are there already are not read again.
      const args = ['sync', '--ignore-existing', '--', at(bucket, NOTES), folder];
      const { exitCode } = await runLight({ ...bucket, runner }, args, {}, [NO_FOLDER]);
      return parseNotes(exitCode === 0 ? await readAll(runner, folder) : new Map());
    }),
  );
}

const NOTHING_FOUND = 1;

/** All files of a folder, by name, in one call: where they are, each may be a long way. Each note is one line. */
async function readAll(runner: Runner, folder: string): Promise<Map<string, string>> {
  const argv = ['grep', '--recursive', '--null', '--with-filename', '--binary-files=text', '', '.'];
  const result = await runner.run(argv, { cwd: folder });
  if (result.exitCode > NOTHING_FOUND) throw toolFailed(runner, argv, result, folder);
  const notes = new Map<string, string>();
  for (const line of result.stdout.toString().split('\n')) {
    const [path = '', text = ''] = line.split('\0');
    const name = path.replace(/^\.\//, '');
    notes.set(name, `${notes.get(name) ?? ''}${text}\n`);
  }
  return notes;
}

/** Of one relationship. */
export const pointsOf = ({ points }: Notes, relationship: string): Notes['points'] =>
  points.filter((point) => point.relationship === relationship);

/** As readers take them: by primary, and then as they were made. */
export const inOrder = ({ points }: Notes): Notes['points'] =>
  points.toSorted((one, other) => one.epoch - other.epoch || one.stamp.sequence - other.stamp.sequence);

export const newestPoint = (notes: Notes): Notes['points'][number] | undefined => inOrder(notes).at(-1);

export const toPoint = ({ stamp, identity, verifiedAt }: Notes['points'][number]): Point => ({
  ...stamp,
  ...(verifiedAt !== undefined && { verifiedAt }),
  method: 'Snapshot',
  identity,
});

/** The latest epoch in which a relationship wrote to it; 0 where it never did. */
export const newestEpoch = ({ claims }: Notes, relationship: string): number =>
  Math.max(0, ...claims.filter((claim) => claim.relationship === relationship).map(({ epoch }) => epoch));

async function writeNote(bucket: Bucket, name: string, content: unknown): Promise<void> {
  try {
    await writeObject(bucket, `${NOTES}/${name}.json`, `${JSON.stringify(content)}\n`);
  } finally {
    forgetLooks(bucket);
  }
}

export const writeClaim = (bucket: Bucket, { relationship, epoch }: Claim): Promise<void> =>
  writeNote(bucket, `claim.${String(epoch).padStart(6, '0')}.${shortHash(relationship)}`, {
    relationship,
    epoch,
    host: bucket.host.name,
  });

export const writeBegun = (bucket: Bucket, state: string): Promise<void> =>
  writeNote(bucket, `begun.${state}`, { state });

/** Their names sort by time. */
export const writeReleased = (bucket: Bucket, released: Released): Promise<void> =>
  writeNote(bucket, `released.${Date.now()}`, released);

export const writePoint = (bucket: Bucket, note: PointNote): Promise<void> =>
  writeNote(
    bucket,
    `point.${String(note.stamp.sequence).padStart(10, '0')}.${checkName(bucket, note.stamp.id)}`,
    note,
  );

export const writeVerified = (bucket: Bucket, pointId: string, verifiedAt: Instant): Promise<void> =>
  writeNote(bucket, `verified.${checkName(bucket, pointId)}.${Date.parse(verifiedAt)}`, { verifiedAt });

/** Removes objects by their keys; those that are gone are no error. */
export async function removeKeys(bucket: Bucket, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  forgetLooks(bucket);
  const args = ['delete', '--no-traverse', '--files-from-raw=-', '--', bucket.volume.path];
  await runLight(bucket, args, { stdin: keysToStdin(keys), timeoutMs: 30 * 60_000 }, [NO_FOLDER]);
}
