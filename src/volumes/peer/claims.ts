/** Whose a peer's folder is. */
import type { Claim, Point, Volume } from '../../model/records';
import type { Keeps } from '../../model/keeps';
import type { Host } from '../../hosts/contract';
import type { Inspection, VolumeDriver } from '../contract';
import { checkClaim } from '../shared/guards';
import { forgetClaim, noteClaim } from '../shared/memory';
import { renewClaim, showClaims, withClaim, withoutClaim } from '../shared/state';
import { makeError } from '../shared/tools';
import { type FarState, readNote, storeState, tryAndNote } from './far-state';
import { forgetLooks, type Look, lookAt, stateOf } from './look';
import { type Peer, peerAt } from './line';

const WHY_NOT = 'a peer keeps the newest state alone: leave copyMethod out';
/** Its owner may confine an account otherwise, or move it to another disk. */
const TRIED_FOR_MS = 24 * 3_600_000;
/** Nobody can ask an account how much room it has. */
const ROOM_UNKNOWN = Number.MAX_SAFE_INTEGER;

/** `inspect` of the volume contract. */
export async function inspect(
  host: Host,
  volume: Volume,
  { inside = true }: { inside?: boolean } = {},
): Promise<Inspection> {
  const found = inside ? await lookAt(peerAt(host, volume)) : { exists: true, empty: true, state: undefined };
  return {
    ...{ exists: found.exists, empty: found.empty, filesystem: 'rsync', mountPoint: volume.path },
    ...{ freeBytes: ROOM_UNKNOWN, capture: [], points: ['Direct'] },
    whyNot: { Snapshot: WHY_NOT, Clone: WHY_NOT, HardLink: WHY_NOT },
    ...showClaims(found.state),
  };
}

/** The folder is not the one that it was, or its account shows another one. */
function makeLost(peer: Peer, { exists }: Look, relationship: string) {
  const message = exists
    ? 'what Tidemark kept in the folder is gone, or it is another folder'
    : 'the folder is gone';
  return makeError(peer, 'VolumeMissing', message, {
    hint: `have its owner mount it, or correct its path in the spec; tidemark approve ${relationship} goes on in what is there`,
  });
}

type Options = Parameters<VolumeDriver['check']>[3];

/** What only this agent knows of, and is not there any more. */
const isLost = ({ isFromMemory, state, empty }: Look) => isFromMemory && state.point !== undefined && empty;

async function checkPeer(peer: Peer, wanted: Claim, options: Options): Promise<FarState> {
  const found = await lookAt(peer);
  const missing = () => makeLost(peer, found, wanted.relationship);
  if (isLost(found) && !options?.approved) throw missing();
  await checkClaim(peer, wanted, options ?? {}, {
    ...{ exists: found.exists, state: found.state, noun: 'folder' },
    ...{ makeLost: missing, makeMissing: missing },
  });
  return found.state;
}

/** `check` of the volume contract. A folder that was never there is made when it is claimed. */
export async function check(host: Host, volume: Volume, wanted: Claim, options?: Options): Promise<void> {
  await checkPeer(peerAt(host, volume), wanted, options);
}

/** `claim` of the volume contract: finds out what the account takes, once in each epoch. */
export async function claim(host: Host, volume: Volume, wanted: Claim, options?: Options): Promise<void> {
  const peer = peerAt(host, volume);
  const state = await checkPeer(peer, wanted, options);
  const { trial } = await readNote(peer);
  const renewed = renewClaim(state.claims[wanted.relationship], wanted);
  const now = new Date();
  const isTried = trial?.epoch === wanted.epoch && now.getTime() - Date.parse(trial.at) < TRIED_FOR_MS;
  if (!renewed && isTried) return;
  const point = renewed && !state.claims[wanted.relationship] ? undefined : state.point;
  const kept = point && { point, ...(state.isPushing && { isPushing: true as const }) };
  const next: FarState = { ...withClaim(state, renewed ?? wanted), ...kept };
  try {
    const about = { epoch: wanted.epoch, at: now.toISOString() };
    const { refused } = isTried ? trial : await tryAndNote(peer, next, about);
    await storeState(peer, { ...next, ...(refused.length > 0 && { refused }) });
  } finally {
    forgetLooks(peer);
  }
  await noteClaim(peer, wanted);
}

/** `disclaim` of the volume contract. */
export async function disclaim(
  host: Host,
  volume: Volume,
  relationship: string,
  copyOf?: string,
): Promise<void> {
  const peer = peerAt(host, volume);
  const state = await stateOf(peer);
  if (state.claims[relationship]) {
    try {
      await storeState(peer, { ...state, ...withoutClaim(state, relationship, copyOf) });
    } finally {
      forgetLooks(peer);
    }
  }
  await forgetClaim(peer, relationship);
}

/** `keeps` of the volume contract: what was found when it was claimed. */
export async function keeps(host: Host, volume: Volume): Promise<Keeps | undefined> {
  return (await readNote(peerAt(host, volume))).trial?.keeps;
}

/** `isChanged` of the volume contract: a push has begun since its newest point, and was cut off. */
export async function isChanged(host: Host, volume: Volume): Promise<boolean> {
  return (await stateOf(peerAt(host, volume))).isPushing === true;
}

/** `points` of the volume contract: the newest state is all there is. */
export async function points(host: Host, volume: Volume, relationship: string): Promise<Point[]> {
  const state = await stateOf(peerAt(host, volume));
  return state.point && state.claims[relationship] ? [state.point] : [];
}
