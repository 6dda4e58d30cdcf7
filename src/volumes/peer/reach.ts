/** The way to what lies at a peer: to write to it and compare with it there, or to read what was brought here. */
import { join } from 'node:path';
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import type { Reach, RefusedOption } from '../../movers/reach';
import { LEFT_BY_TRANSFERS, there } from '../../movers/rsync/account';
import { NOT_CONTENT } from '../../trees/own-entries';
import type { State } from '../contract';
import { checkScratchRoom, makeScratch, type Use } from '../shared/scratch';
import { makeError } from '../shared/tools';
import { nameOf } from './address';
import { type FarState, pointOf, readNote } from './far-state';
import { type Peer, peerAt, runChecked } from './line';
import { lookAt } from './look';

/** What is brought here only to be read. */
export const scratch = makeScratch('fetched', 'fetch');

/** What this agent found out, or else the one that wrote there. */
const refusedBy = async (peer: Peer, known: FarState): Promise<readonly RefusedOption[]> =>
  (await readNote(peer)).trial?.refused ?? known.refused ?? [];

async function fetchInto(
  peer: Peer,
  known: FarState,
  { bytes }: Point,
  at: { path: string; use: Use },
): Promise<void> {
  const { host, line } = peer;
  const { path, use } = at;
  await line.runner.files.mkdir(path, 0o700);
  const what = `to be read, what the peer holds is brought to ${path} first`;
  await checkScratchRoom({ ...peer, runner: line.runner }, { path, bytes, what });
  const refused = await refusedBy(peer, known);
  const own = [...NOT_CONTENT.map((name) => `/${name}`), `${LEFT_BY_TRANSFERS}/`];
  const options = ['-aHAXS', ...refused, '--numeric-ids', ...own.map((name) => `--filter=- ${name}`)];
  await runChecked(peer, [...options, '--', there(line.landing), `${path}/`], {
    attempt: scratch.attemptOf(host, use),
    endsWithAgent: true,
  });
}

/** `reach` of the volume contract. */
export async function reach(host: Host, volume: Volume, state: State, use: TransferId): Promise<Reach> {
  const peer = peerAt(host, volume);
  if (state.of === 'capture')
    throw makeError(peer, 'UnsupportedCapture', 'a peer is no source', { hint: 'restore a point of it' });
  const { state: known, empty } = await lookAt(peer);
  if (state.of === 'live' || state.toCompare) {
    const refused = await refusedBy(peer, known);
    const account = { landing: peer.line.landing, isEmpty: empty, refused };
    return { runner: host, path: volume.path, account, close: () => Promise.resolve() };
  }
  const point = pointOf(peer, known, state.relationship, state.pointId);
  const size = { bytes: point.bytes, entries: point.files };
  return await scratch.open(peer, use, size, async ({ runner, folder }) => {
    const path = join(folder, nameOf({ path: state.pointId }));
    await fetchInto(peerAt(host, volume, runner), known, point, { path, use });
    return path;
  });
}
