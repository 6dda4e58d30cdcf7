/** States of such a bucket as trees that can be read: in the agent's own folder, or in a claim of its own. */
import { join } from 'node:path';
import type { Volume } from '../../../model/records';
import { formatEntries } from '../../../model/units';
import type { Host } from '../../../hosts/contract';
import type { Differing, Missing, Omitted, TransferId } from '../../../movers/contract';
import { type Reach, reachAt, reachHere } from '../../../movers/reach';
import { Tally } from '../../../trees/left-out';
import type { OmittedRequest, State } from '../../contract';
import { makeError } from '../../shared/tools';
import { shortHash } from '../../shared/short-hash';
import { kept } from '../fetched';
import { toText } from '../layout';
import type { Entry } from '../manifest';
import { makeTree, treeIn } from '../materialise';
import { type Bucket, bucketAt } from '../rclone';
import { scratch } from '../reach';
import { readManifest } from '../states';
import { FACL, renderFacl } from './facl';
import { bringProved } from './fetch';
import { foldersOf, isHeldName, type StoreFeatures } from './held';
import { findWhole } from './points';
import { featuresOf } from './features';
import { besideOf, contentOf, look } from './store';

/** What VolSync's destination would take otherwise than the point says. @throws TidemarkError `VerificationFailed` */
async function checkAsTheyRead(bucket: Bucket, entries: readonly Entry[]): Promise<void> {
  const there = await look(bucket);
  const hint = 'somebody has changed it there; the next sync puts it right';
  if (there.facl !== renderFacl(entries))
    throw makeError(bucket, 'VerificationFailed', `${FACL} is not what was written, or is gone`, { hint });
  const known = new Set(entries.map(({ path }) => toText(path)));
  const extra = [...contentOf(there.files).keys()].filter((key) => !known.has(key));
  if (extra.length === 0) return;
  throw makeError(bucket, 'VerificationFailed', `${formatEntries(extra.length)} in it are of no sync`, {
    ...{ toolMessage: extra.slice(0, 5).join('\n'), hint },
  });
}

/** `reach` of the volume contract. A point is read back whole, and from the bucket alone. */
export async function reach(host: Host, volume: Volume, state: State, use: TransferId): Promise<Reach> {
  const bucket = bucketAt(host, volume);
  // As a target: nothing of ours is open there.
  if (state.of === 'live' && !state.orFrozen) return reachHere(host, volume.path);
  if (state.of !== 'point') {
    const room = await kept.openWhole(bucket, use.relationship);
    return reachAt(room, state.of === 'capture' ? state.capture.path : treeIn(room.path));
  }
  const { pointId, relationship, toCompare } = state;
  const { state: stateId, stamp } = await findWhole(bucket, relationship, pointId);
  const { entries: want } = await readManifest(besideOf(bucket), stateId);
  if (toCompare) await checkAsTheyRead(bucket, want);
  const size = { bytes: stamp.bytes, entries: stamp.files };
  return await scratch.open(bucket, use, size, async ({ runner, folder: used }) => {
    const folder = join(used, shortHash(pointId));
    const options = { attempt: scratch.attemptOf(host, use) };
    const there = { ...bucket, runner };
    await makeTree(there, {
      ...{ ...options, want, folder, called: `recovery point ${pointId}` },
      fetch: (files, into) => bringProved(there, files, into, options),
    });
    return treeIn(folder);
  });
}

/** Why the layout never holds an entry; undefined where it should. */
function reasonOf({ path, type }: Missing, { hasFolders }: StoreFeatures, kept: ReadonlySet<string>) {
  if (type === 'L') return 'symlink';
  if (type === 'D') return 'device';
  if (type === 'S') return 'pipe';
  if (!isHeldName(path)) return 'name';
  return type === 'd' && !hasFolders && !kept.has(path) ? 'folder' : undefined;
}

/** What differs of a file, and the layout does not hold: what was several names of one file, and attributes that are no ACLs. */
const LACKING = { link: 'hardlink', xattr: 'xattr' } as const;

/** Of what differs from the source, what VolSync's layout never holds. Pure. */
export function findLacking(
  missing: readonly Missing[],
  differing: readonly Differing[],
  features: StoreFeatures,
): Omitted {
  const tally = new Tally();
  // A folder that lacks a file for another reason is no empty one.
  const kept = new Set(
    missing
      .filter((each) => each.type === 'f' && isHeldName(each.path))
      .flatMap(({ path }) => [...foldersOf(path)]),
  );
  const paths = new Set<string>();
  for (const each of missing) {
    const reason = reasonOf(each, features, kept);
    if (reason === undefined) continue;
    paths.add(each.path);
    tally.add(reason, each.path);
  }
  const aspects = new Map<string, Set<string>>();
  for (const { path, what } of differing)
    for (const [aspect, reason] of Object.entries(LACKING)) {
      if (!what.includes(aspect)) continue;
      aspects.set(path, (aspects.get(path) ?? new Set()).add(aspect));
      tally.add(reason, path);
    }
  return { paths, aspects, leftOut: tally.list };
}

/** `findOmitted` of the volume contract. */
export async function findOmitted(
  host: Host,
  volume: Volume,
  { relationship, pointId, missing, differing = [] }: OmittedRequest,
): Promise<Omitted> {
  const bucket = bucketAt(host, volume);
  const { stamp } = await findWhole(bucket, relationship, pointId);
  const found = findLacking(missing, differing, await featuresOf(bucket));
  // Nothing that is compared here shows these.
  const unseen = (stamp.leftOut ?? []).filter(({ reason }) => reason === 'hole' || reason === 'time');
  return { ...found, leftOut: [...found.leftOut, ...unseen] };
}
