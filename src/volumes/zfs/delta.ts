/**
 * A branch of the replica, to be brought up to date by comparing files: mounted where the agent alone looks, and frozen
 * once it is whole. A guid can't be given: what is made so is a state of its own.
 */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { ensureMountFolder, mountPathOf } from './clones';
import { partsOf } from './parts';
import { allEntries, ensureContainer, findReadyPlace, findSide, type Place } from './place';
import { mount, unmount } from './mounting';
import { branchSide, discardSide, takeSettings } from './swap';
import { isMissing, makeError, runZfs } from './tools';

/** Set for as long as the branch is written to; reading it must not change it. */
const ONLY_NOW = ['mountpoint', 'atime'];

/** The folder where it is mounted. */
const BRANCH = 'side';

const INSTEAD = 'everything is sent again automatically';

/**
 * Makes the branch, mounted to be written to. Answers where.
 * @param isResumed one that this very sync has begun is resumed
 * @throws TidemarkError `BaseLost`, `UnsupportedCapture`, `NotMounted`
 */
export async function openBranch(
  host: Host,
  volume: Volume,
  { identity, targetName }: { identity: string; targetName: string },
  isResumed: boolean,
): Promise<string> {
  await ensureContainer({ host, volume });
  if (!isResumed) await discardSide(host, volume);
  const place = await findReadyPlace(host, volume);
  const all = allEntries(place);
  const state = all.find(({ kind, properties }) => kind === 'snapshot' && properties['guid'] === identity);
  if (!state)
    throw makeError(place, 'BaseLost', `the state ${targetName} is not here any more`, { hint: INSTEAD });
  if (place.dataset.properties['type'] !== 'filesystem' || partsOf(place, state).length > 1) {
    const message = 'only the files of a single filesystem can be compared';
    throw makeError(place, 'UnsupportedCapture', message, { hint: INSTEAD });
  }
  const side = await branchSide(host, volume, [{ part: '', snapshot: state }]);
  const path = mountPathOf(place, BRANCH);
  await ensureMountFolder(host);
  // Else it could not hold what the replica can: lists of access, for example.
  await takeSettings(place, volume.path, side);
  for (const setting of ['readonly=off', 'atime=off', `mountpoint=${path}`])
    await runZfs(place, ['set', setting, side]);
  await mount({ host, volume: { kind: 'zfs', path: side } });
  const branch = findSide(await findReadyPlace(host, volume));
  if (branch?.properties['mounted'] === 'yes') return branch.properties['mountpoint'] ?? path;
  const message = `the copy of ${targetName} can't be mounted, and so its files not be compared`;
  throw makeError(place, 'NotMounted', message, { hint: INSTEAD });
}

/**
 * Freezes the branch where it is still one. Answers the identity of what became of it, also where that is the
 * replica by now; undefined where there is nothing. Idempotent.
 */
export async function sealBranch(place: Place, own: string): Promise<string | undefined> {
  const { host, volume } = place;
  const branch = findSide(place);
  if (branch) {
    const { name } = branch;
    await unmount(place, name);
    for (const property of ONLY_NOW.filter((each) => branch.local.has(each)))
      await runZfs(place, ['inherit', property, name]);
    const allow = (stderr: string) => /dataset already exists/.test(stderr);
    await runZfs(place, ['snapshot', `${name}@${own}`], { allow });
    // Where it was mounted.
    await host.run(['rmdir', '--', mountPathOf(place, BRANCH)]);
  }
  const frozen = `${branch?.name ?? volume.path}@${own}`;
  const { exitCode, stdout } = await runZfs(place, ['get', '-Hp', '-o', 'value', 'guid', frozen], {
    allow: isMissing,
  });
  return exitCode === 0 ? stdout.toString().trim() : undefined;
}
