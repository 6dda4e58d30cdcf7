/** The way to what lies at a peer: to write to it and compare with it there, or to read what was brought here. */
import { join } from 'node:path';
import type { Point, Volume } from '../../model/records';
import { formatBytes } from '../../model/units';
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import type { Reach, RefusedOption } from '../../movers/reach';
import { LEFT_BY_TRANSFERS, there } from '../../movers/rsync/account';
import { NOT_CONTENT } from '../../trees/own-entries';
import type { State } from '../contract';
import { makeError } from '../shared/tools';
import { nameOf } from './address';
import { type FarState, pointOf, readNote } from './far-state';
import { type Peer, peerAt, runChecked } from './line';
import { lookAt } from './look';

/** Kept free beside what is brought here. */
const SPARE_BYTES = 64 * 1024 ** 2;

type Use = Omit<TransferId, 'syncId'>;

/** Everything that is brought here only to be read. */
const fetchedFolder = ({ home }: Host) => join(home, 'fetched');

const folderOf = (host: Host, { relationship, target }: Use) =>
  join(fetchedFolder(host), encodeURIComponent(relationship), encodeURIComponent(target));

const attemptOf = ({ home }: Host, { relationship, target }: Use) =>
  `fetch:${relationship}:${target}:${home}`;

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
  await host.files.mkdir(path, 0o700);
  const { freeBytes } = await host.files.room(path);
  if (freeBytes < bytes + SPARE_BYTES) {
    throw makeError(
      peer,
      'TargetFull',
      `to be read, what the peer holds is brought to ${path} first, which takes ${formatBytes(bytes)}, and ${formatBytes(freeBytes)} are free`,
      { hint: `make room there, or start the agent of ${host.name} with its --home on a larger filesystem` },
    );
  }
  const refused = await refusedBy(peer, known);
  const own = [...NOT_CONTENT.map((name) => `/${name}`), `${LEFT_BY_TRANSFERS}/`];
  const options = ['-aHAXS', ...refused, '--numeric-ids', ...own.map((name) => `--filter=- ${name}`)];
  await runChecked(peer, [...options, '--', there(line.landing), `${path}/`], {
    attempt: attemptOf(host, use),
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
  await leave(host, use);
  const path = join(folderOf(host, use), nameOf({ path: state.pointId }));
  const close = () => host.files.remove(folderOf(host, use));
  try {
    await fetchInto(peer, known, point, { path, use });
  } catch (error) {
    await close();
    throw error;
  }
  return { runner: host, path, close };
}

/** The agent starts: what its former life has fetched nobody reads any more. What fetched it ended with it. */
export async function sweepFetched(host: Host): Promise<void> {
  await host.files.remove(fetchedFolder(host));
}

/** Ends what is fetched for a use, and removes it. */
export async function leave(host: Host, use: Use): Promise<void> {
  await host.endAttempts(attemptOf(host, use));
  await host.files.remove(folderOf(host, use));
}
