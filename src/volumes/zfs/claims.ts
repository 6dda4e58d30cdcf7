/** Who owns a dataset: stored as a property of its own, that children do not inherit the meaning of. */
import type { Host } from '../../hosts/contract';
import type { Claim, Volume } from '../../model/records';
import type { VolumeDriver } from '../contract';
import { refuseFolder } from '../../model/paths';
import { withLock } from '../shared/lock';
import { checkClaim, type CheckOptions } from '../shared/guards';
import { checkApart } from '../shared/apart';
import { forgetClaim, mountPointsOf, noteClaim } from '../shared/memory';
import { readMounts } from '../../trees/mounts';
import {
  NO_CLAIMS,
  parseState,
  renewClaim,
  type State,
  type StoredClaim,
  withClaim,
  withoutClaim,
} from '../shared/state';
import { CLAIMS, parentOf, PENDING } from './names';
import {
  claimsText,
  ensureContainer,
  findPendingSide,
  findPlace,
  findSide,
  makeMissing,
  type Place,
} from './place';
import { discardSide, settle } from './swap';
import { isMissing, makeError, runZfs } from './tools';

/** The volume's own claims; those of a target that is not there yet are kept beside it. */
export function readClaims(place: Place): State {
  const holder = place.dataset ?? findPendingSide(place) ?? place.container;
  const text = claimsText(holder);
  if (text === undefined) return NO_CLAIMS;
  try {
    return parseState(text);
  } catch (error) {
    const hint = `see it with: zfs get ${CLAIMS} ${place.volume.path}; remove it with: zfs inherit`;
    throw makeError(place, 'ToolFailed', `its property ${CLAIMS} can't be parsed`, { hint }, error);
  }
}

/** `check` of the volume contract, for a place that was looked at already. */
export async function checkPlace(place: Place, claim: Claim, options: CheckOptions = {}): Promise<void> {
  checkSuits(place, claim);
  const hint = `is the pool imported? (zpool import) If the volume was replaced on purpose: tidemark approve ${claim.relationship}`;
  const exists = place.dataset !== undefined;
  const makeGone = () => makeMissing(place, { hint });
  const lost = `the dataset that ${claim.relationship} used here is gone: what is there now does not know it`;
  await checkClaim(place, claim, options, {
    exists,
    state: readClaims(place),
    noun: 'dataset',
    makeLost: () => (exists ? makeError(place, 'NotMounted', lost, { hint }) : makeGone()),
    makeMissing: makeGone,
  });
}

/** @throws TidemarkError `InvalidSpec`, `NotMounted` */
function checkSuits(place: Place, { role }: Claim): void {
  const { dataset, volume } = place;
  if (role === 'target' && parentOf(volume.path) === undefined) {
    const hint = 'choose a dataset inside of the pool, such as tank/wiki';
    const message = "a pool's own dataset can't be a target: nothing can take its place";
    throw makeError(place, 'InvalidSpec', message, { hint });
  }
  if (volume.path.split('/').some((part) => part === '.tidemark')) {
    throw makeError(place, 'InvalidSpec', "it lies in Tidemark's own folder", {
      hint: 'choose another dataset',
    });
  }
  if (!dataset) return;
  const { type, mounted, mountpoint = '' } = dataset.properties;
  if (type !== 'filesystem') {
    const hint = 'choose a dataset that is a filesystem';
    throw makeError(place, 'InvalidSpec', `it is a ${type ?? 'thing'}, not a filesystem`, { hint });
  }
  const objection =
    mounted === 'yes' && mountpoint.startsWith('/') ? refuseFolder(mountpoint, role) : undefined;
  if (objection !== undefined) {
    throw makeError(place, 'InvalidSpec', objection, {
      hint: 'choose a dataset that holds nothing but this data',
    });
  }
  // A replica may be encrypted, and its key elsewhere.
  if (volume.options?.mustBeMounted && mounted !== 'yes' && role === 'source') {
    const hint = `mount it: zfs mount ${volume.path}`;
    throw makeError(place, 'NotMounted', 'it is not mounted, and the spec says mustBeMounted', { hint });
  }
}

/** `check` of the volume contract. */
export async function check(
  ...[host, volume, claim, options]: Parameters<VolumeDriver['check']>
): Promise<void> {
  const place = await findChecked(host, volume, claim, options);
  const mounts = await readMounts(host);
  await checkApart(place, claim, { mounts, folders: mountPointsOf(mounts, volume.path) });
}

async function findChecked(
  host: Host,
  volume: Volume,
  claim: Claim,
  options: { approved?: boolean } = {},
): Promise<Place> {
  const place = await findPlace(host, volume);
  if (!place.dataset) await checkPool(place);
  await checkPlace(place, claim, options);
  return place;
}

/** @throws TidemarkError `VolumeMissing` where even the pool is not there. */
async function checkPool(place: Place): Promise<void> {
  const pool = place.volume.path.split('/')[0] ?? '';
  const { exitCode } = await runZfs(place, ['get', '-H', 'type', pool], { allow: isMissing });
  if (exitCode === 0) return;
  throw makeError(place, 'VolumeMissing', `there is no pool ${pool}`, { hint: 'import it: zpool import' });
}

/** One change of a volume's claims at a time. */
export function withClaims<T>({ path }: Volume, work: () => Promise<T>): Promise<T> {
  return withLock(`zfs-claims:${path}`, work);
}

/** Keeps a claim with the data, in place of the relationship's former one. */
export async function storeClaim(place: Place, wanted: StoredClaim): Promise<void> {
  await writeClaims(place, withClaim(readClaims(place), wanted));
}

async function writeClaims(place: Place, state: State): Promise<void> {
  const holder = place.dataset?.name ?? (await ensureContainer(place));
  await runZfs(place, ['set', `${CLAIMS}=${JSON.stringify(state)}`, holder]);
}

/** `claim` of the volume contract. A target that is not there is made by the first stream, not before. */
export async function claim(
  host: Host,
  volume: Volume,
  wanted: Claim,
  options: { approved?: boolean } = {},
): Promise<void> {
  await withClaims(volume, async () => {
    const before = await findChecked(host, volume, wanted, options);
    const place = wanted.role === 'target' ? await makeReady(before) : before;
    if (place !== before) await checkPlace(place, wanted, options);
    const stored = readClaims(place).claims[wanted.relationship];
    if (wanted.role === 'target') {
      if (!isReadOnly(place)) await setReadOnly(place, 'on');
    } else if (stored?.readOnly) await setReadOnly(place, 'off');
    const renewed = renewClaim(stored, wanted);
    if (renewed) await storeClaim(place, renewed);
    await noteClaim(place, wanted);
  });
}

/** Beside a target there is Tidemark's own dataset, and nothing that a sync before this has left. */
async function makeReady(place: Place): Promise<Place> {
  const { host, volume, dataset, container } = place;
  if (container && !findSide(place) && !dataset?.local.has(PENDING)) return place;
  await ensureContainer(place);
  await settle(host, volume);
  // The states in it are the replica's again.
  await discardSide(host, volume);
  return await findPlace(host, volume);
}

const isReadOnly = ({ dataset }: Place) =>
  dataset?.local.has('readonly') === true && dataset.properties['readonly'] === 'on';

/** A replica is written to by streams alone. A source is left as its owner has it, once it is no longer demoted. */
export async function setReadOnly({ dataset, ...subject }: Place, value: 'on' | 'off'): Promise<void> {
  if (dataset) await runZfs(subject, ['set', `readonly=${value}`, dataset.name]);
}

/** `disclaim` of the volume contract. */
export async function disclaim(
  host: Host,
  volume: Volume,
  relationship: string,
  copyOf?: string,
): Promise<void> {
  await withClaims(volume, async () => {
    const place = await findPlace(host, volume);
    const state = readClaims(place);
    const stored = state.claims[relationship];
    if (stored) {
      // Nobody else would do it later.
      if (place.dataset && (stored.role === 'target' || stored.readOnly)) {
        await runZfs(place, ['inherit', 'readonly', place.dataset.name]);
      }
      await writeClaims(place, withoutClaim(state, relationship, copyOf));
    }
    await forgetClaim(place, relationship);
  });
}
