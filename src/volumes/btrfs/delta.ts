/** A clone of the replica's own state, to be brought up to date by comparing files, and received as what it is then. */
import { join } from 'node:path';
import { type ReadyPlace } from '../directory/place';
import { removeTree } from '../directory/remove-tree';
import { makeError, runTool } from '../shared/tools';
import { clearIncoming, incomingFolder } from './folders';
import { makeIdentityStream } from './identity-stream';
import { identityOf, listSubvolumes } from '../directory/subvolumes/subvolumes';
import { setReadOnly, type WorkOptions } from '../directory/subvolumes/trees';

/** What is written to, and what it is once it is whole. Neither is a name that a stream brings. */
const CLONE = 'delta,clone';
const WHOLE = 'delta,whole';

/**
 * Makes a clone that can be written to, in the folder into which a landing receives. Answers its path.
 * @param isResumed one that this very sync has begun is resumed
 * @throws TidemarkError `BaseLost` where the state is not there any more
 */
export async function makeClone(
  place: ReadyPlace,
  relationship: string,
  onto: { identity: string; targetName: string },
  isResumed: boolean,
): Promise<string> {
  const path = join(incomingFolder(place, relationship), CLONE);
  const isThere = async () =>
    (await listSubvolumes(place)).some((each) => each.path === path && !each.readOnly);
  if (isResumed && (await isThere())) return path;
  await clearIncoming(place, relationship);
  const state = (await listSubvolumes(place)).find((each) => each.path === onto.targetName);
  if (!state?.readOnly || identityOf(state) !== onto.identity) {
    const hint = 'everything is sent again automatically';
    throw makeError(place, 'BaseLost', `the state ${onto.targetName} is not here any more`, { hint });
  }
  await runTool(place, ['btrfs', 'subvolume', 'snapshot', onto.targetName, path]);
  return path;
}

/** Gives what a delta has made the identity of the state that it equals now. Nothing there is not an error. */
export async function giveIdentity(
  place: ReadyPlace,
  relationship: string,
  identity: string,
  options: WorkOptions,
): Promise<void> {
  const folder = incomingFolder(place, relationship);
  const [clone, whole] = [join(folder, CLONE), join(folder, WHOLE)];
  const subvolumes = await listSubvolumes(place);
  const made = subvolumes.find(({ path }) => path === clone);
  const isReceived = subvolumes.some(
    ({ path, receivedUuid }) => path === whole && receivedUuid !== undefined,
  );
  if (!made || isReceived) return;
  await removeTree(place, whole);
  await setReadOnly(place, clone, true, options);
  const stdin = makeIdentityStream({ name: WHOLE, identity, of: made.uuid });
  await runTool(place, ['btrfs', 'receive', '--quiet', folder], { ...options, stdin });
}
