/** Guards and claims of a PVC, kept in an annotation of it, and changes of the primary. */
import type { Claim, Volume } from '../../model/records';
import { Conflict } from '../../hosts/cluster/contract';
import type { PersistentVolumeClaim } from '../../hosts/cluster/objects';
import type { Host } from '../../hosts/contract';
import { checkClaim, type CheckOptions } from '../shared/guards';
import { withLock } from '../shared/lock';
import { forgetClaim, noteClaim } from '../shared/memory';
import { renewClaim, type State, type StoredClaim, withClaim, withoutClaim } from '../shared/state';
import { makeError } from '../shared/tools';
import { ANNOTATIONS } from './names';
import {
  findPlace,
  findUsers,
  makeMissing,
  type Place,
  type ReadyPlace,
  referTo,
  requireClaim,
} from './place';

/** Whoever else changes the claim's object meanwhile is let pass; that is soon over. */
const TRIES = 20;

/** Looks, decides and writes against the object as it was looked at; again where it was changed meanwhile. */
export async function changeClaims<T>(
  host: Host,
  volume: Volume,
  change: (place: Place) => Promise<T>,
): Promise<T> {
  return await withLock(`claims:${host.home}:${volume.path}`, async () => {
    for (let tries = 1; ; tries++) {
      try {
        return await change(await findPlace(host, volume));
      } catch (error) {
        if (!(error instanceof Conflict) || tries >= TRIES) throw error;
      }
    }
  });
}

/** A claim that is made for a resource of VolSync comes and goes: one that is made anew is as good as the one before. */
const isRemade = ({ volume, pvc }: Place, { role }: Claim): boolean =>
  role === 'target' &&
  volume.options?.madeFor !== undefined &&
  (!pvc || pvc.metadata.annotations?.[ANNOTATIONS.made] !== undefined);

export async function checkPlace(place: Place, claim: Claim, asked: CheckOptions): Promise<void> {
  const { pvc, state, namespace, name } = place;
  const options = isRemade(place, claim) ? { ...asked, approved: true } : asked;
  await checkClaim(place, claim, options, {
    exists: pvc !== undefined,
    state,
    noun: 'claim',
    makeLost: () =>
      makeError(
        place,
        pvc ? 'NotMounted' : 'VolumeMissing',
        pvc
          ? `the volume that ${claim.relationship} used is gone: PersistentVolumeClaim ${namespace}/${name} was made anew since`
          : `the PersistentVolumeClaim ${namespace}/${name} that ${claim.relationship} used is gone`,
        { hint: `where that was on purpose: tidemark approve ${claim.relationship}` },
      ),
    makeMissing: () => makeMissing(place),
  });
  if (!pvc) return;
  requireClaim(place);
  if (pvc.status?.phase === 'Lost') {
    throw makeError(
      place,
      'VolumeMissing',
      'the claim has lost its volume: the PersistentVolume behind it is gone',
      {
        hint: 'restore from a recovery point into a new claim',
      },
    );
  }
  if (claim.role === 'source' && pvc.status?.phase !== 'Bound' && !options.promotes) {
    throw makeError(place, 'VolumeMissing', 'the claim is not bound: there is no volume behind it yet', {
      hint: `kubectl describe pvc ${name} --namespace ${namespace} says what it waits for`,
    });
  }
}

/** What a sync would write to under somebody's hands. @throws TidemarkError `VolumeBusy` */
export async function checkUnused(place: Place): Promise<void> {
  // Who made the resource knows: VolSync writes there too, beside the pods that use it.
  if (place.volume.options?.madeFor !== undefined) return;
  const users = await findUsers(place);
  if (users.length === 0) return;
  const named = users.map(({ metadata }) => metadata.name).join(', ');
  throw makeError(place, 'VolumeBusy', `pods use the claim that is to be written to: ${named}`, {
    hint: 'scale down what they belong to; workloads: [deployment/NAME] in the spec does that at each change of the primary',
  });
}

/** `check` of the volume contract. */
export async function check(
  host: Host,
  volume: Volume,
  claim: Claim,
  options: CheckOptions = {},
): Promise<void> {
  const place = await findPlace(host, volume);
  await checkPlace(place, claim, options);
  if (claim.role === 'target' && place.pvc) await checkUnused(place);
}

async function writeState({ cluster, namespace, name, pvc }: ReadyPlace, state: State): Promise<void> {
  const { uid, resourceVersion } = pvc.metadata;
  const text = JSON.stringify({ ...state, uid });
  await cluster.api.patch<PersistentVolumeClaim>(referTo('PersistentVolumeClaim', namespace, name), {
    metadata: { resourceVersion, annotations: { [ANNOTATIONS.state]: text } },
  });
}

/** In place of the relationship's former one. */
export async function storeClaim(place: Place, wanted: StoredClaim): Promise<void> {
  await writeState(requireClaim(place), withClaim(place.state, wanted));
}

/** `claim` of the volume contract. One that is still to be made is claimed once it is. */
export async function claim(
  host: Host,
  volume: Volume,
  wanted: Claim,
  options: CheckOptions = {},
): Promise<void> {
  await changeClaims(host, volume, async (place) => {
    await checkPlace(place, wanted, options);
    if (!place.pvc) {
      // That it is another one by now was approved of.
      if (options.approved || isRemade(place, wanted)) await forgetClaim(place, wanted.relationship);
      return;
    }
    const renewed = renewClaim(place.state?.claims[wanted.relationship], wanted);
    if (renewed) await storeClaim(place, renewed);
    await noteClaim(place, wanted);
  });
}

/** `disclaim` of the volume contract. */
export async function disclaim(
  host: Host,
  volume: Volume,
  relationship: string,
  copyOf?: string,
): Promise<void> {
  await changeClaims(host, volume, async (place) => {
    if (place.pvc && place.state?.claims[relationship])
      await writeState(requireClaim(place), withoutClaim(place.state, relationship, copyOf));
    await forgetClaim(place, relationship);
  });
}
