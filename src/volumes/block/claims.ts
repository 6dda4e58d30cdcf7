/** Stores and removes claims, and makes an image file that is not there yet. */
import { dirname, join } from 'node:path';
import type { Host } from '../../hosts/contract';
import type { Claim, Volume } from '../../model/records';
import { STATE_FILE } from '../../trees/own-entries';
import { placesOf } from '../shared/devices';
import { withLock } from '../shared/lock';
import { forgetClaim, noteClaim } from '../shared/memory';
import { renewClaim, type StoredClaim, withClaim, withoutClaim } from '../shared/state';
import { runTool, writeRecord } from '../shared/tools';
import { checkFree, checkPlace, checkPlaceApart } from './guards';
import { ensureMeta, findPlace, isThere, lockKey, type Place } from './place';
import { ensureWritable } from './read-only';

/** Its owner, and who else may look, are told by what arrives. */
const PRIVATE_FILE = '0600';

/** One change of a volume's claims at a time, with the place as it is then. */
export async function changeClaims<T>(
  host: Host,
  volume: Volume,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  return await withLock(lockKey({ host, volume }, 'claims'), async () => work(await findPlace(host, volume)));
}

/** Keeps a claim, in place of the relationship's former one; within `changeClaims`. */
export async function storeClaim(place: Place, wanted: StoredClaim): Promise<void> {
  await ensureMeta(place);
  await writeRecord(place, join(place.meta, STATE_FILE), withClaim(place.state, wanted));
}

/** `claim` of the volume contract. */
export async function claim(
  host: Host,
  volume: Volume,
  wanted: Claim,
  options: { approved?: boolean } = {},
): Promise<void> {
  await changeClaims(host, volume, async (place) => {
    await checkPlace(place, wanted, options);
    await checkPlaceApart(place, wanted);
    if (wanted.role === 'target') await checkFree(place, wanted);
    if (!isThere(place)) await makeImage(place);
    const stored = place.state?.claims[wanted.relationship];
    if (stored?.readOnly) await ensureWritable(place);
    const renewed = renewClaim(stored, wanted);
    if (renewed || place.isReplaced) await storeClaim(place, renewed ?? wanted);
    const [root] = await placesOf(host, volume.path);
    await noteClaim(place, { ...wanted, ...(root !== undefined && { root }) });
  });
}

/** As long as nothing yet: what arrives makes it as long as its source. */
async function makeImage(place: Place): Promise<void> {
  const { host, root } = place;
  await host.files.mkdir(dirname(root));
  await runTool(place, ['install', '-m', PRIVATE_FILE, '-T', '--', '/dev/null', root]);
}

/** `disclaim` of the volume contract. */
export async function disclaim(
  host: Host,
  volume: Volume,
  relationship: string,
  copyOf?: string,
): Promise<void> {
  await changeClaims(host, volume, async (place) => {
    const { state, meta } = place;
    if (state?.claims[relationship]) {
      // Nobody else would do it later.
      if (state.claims[relationship].readOnly) await ensureWritable(place);
      await writeRecord(place, join(meta, STATE_FILE), withoutClaim(state, relationship, copyOf));
    }
    await forgetClaim(place, relationship);
  });
}
