/** The one recovery point of a peer: the replica itself, as the last whole push left it. */
import type { Instant, Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { runCommand, sendComplete } from '../../movers/rsync/account';
import type { PublishRequest } from '../contract';
import { withVerified } from '../shared/points';
import { publishOnce } from '../shared/publish-once';
import { makeError } from '../shared/tools';
import { type FarState, pointOf, readNote, storeState } from './far-state';
import { explain, type Peer, peerAt } from './line';
import { forgetLooks, stateOf } from './look';
import { keepsOurs } from './ours';

/** What VolSync's end waits for, and nothing else. */
const SIGNAL = 'shutdown 0';
/** ssh's own: here, that the other end went away with the command, as VolSync's does. */
const GONE = 255;

/** Says that the push is whole. @throws TidemarkError where nobody was there to be told */
async function tell(peer: Peer): Promise<void> {
  const isTls = peer.line.landing.account?.isTls === true;
  const ended = isTls ? await sendComplete(peer.line) : await runCommand(peer.line, SIGNAL);
  if (ended.exitCode === 0) return;
  const error = await explain(peer, ended);
  if (!isTls && ended.exitCode === GONE && error.type === 'TransferInterrupted') return;
  throw error;
}

async function store(peer: Peer, state: FarState): Promise<void> {
  try {
    await storeState(peer, state);
  } finally {
    forgetLooks(peer);
  }
}

/** Peers of which this agent has said so, and nobody before it. */
const begun = new Set<string>();

/**
 * `make` of the volume contract, right before a transfer: says there that its point may not be whole meanwhile. Whoever
 * reads it next may be another agent, since this one's host was lost in the middle.
 */
export async function beginPush(host: Host, volume: Volume): Promise<void> {
  const peer = peerAt(host, volume);
  const state = await stateOf(peer);
  begun.delete(volume.path);
  if (!state.point || state.isPushing) return;
  await store(peer, { ...state, isPushing: true });
  begun.add(volume.path);
}

/** `unmake` of the volume contract. What an earlier push was cut off in stays said. */
export async function takeBackPush(host: Host, volume: Volume): Promise<void> {
  if (!begun.delete(volume.path)) return;
  const peer = peerAt(host, volume);
  const { isPushing: _none, ...state } = await stateOf(peer);
  await store(peer, state);
}

/** @throws TidemarkError `Fenced` where another agent has claimed it since this one did */
async function checkOwn(peer: Peer, { claims }: FarState, relationship: string): Promise<void> {
  const { state: noted } = await readNote(peer);
  const [theirs, own] = [claims[relationship], noted.claims[relationship]];
  if (theirs?.epoch === own?.epoch) return;
  const told = theirs === undefined ? 'nobody' : `a primary of epoch ${theirs.epoch}`;
  throw makeError(peer, 'Fenced', `the folder is claimed by ${told} by now`, {
    hint: `tidemark describe ${relationship} says how it is`,
  });
}

/** `publish` of the volume contract. */
export async function publish(
  host: Host,
  volume: Volume,
  { relationship, stamp }: PublishRequest,
): Promise<Point> {
  const peer = peerAt(host, volume);
  const look = async () => {
    // What is written below takes the place of what is there now, and not of what was some seconds ago.
    forgetLooks(peer);
    const state = await stateOf(peer);
    await checkOwn(peer, state, relationship);
    return { state, points: state.point ? [state.point] : [] };
  };
  return await publishOnce(`peer:${volume.path}:${relationship}`, stamp.id, look, async ({ state }) => {
    const point: Point = { ...stamp, method: 'Direct', identity: stamp.syncId };
    // Asked again after it was cut off in between, it is said twice: then the other end takes the same state once more.
    if (!keepsOurs(peer)) await tell(peer);
    const { isPushing: _over, ...others } = state;
    await store(peer, { ...others, point });
    return point;
  });
}

/** `markVerified` of the volume contract. */
export async function markVerified(
  host: Host,
  volume: Volume,
  relationship: string,
  pointId: string,
  at: Instant | null,
): Promise<void> {
  const peer = peerAt(host, volume);
  forgetLooks(peer);
  const state = await stateOf(peer);
  await store(peer, { ...state, point: withVerified(pointOf(peer, state, relationship, pointId), at) });
}
