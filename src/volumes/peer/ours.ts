/** What of a peer's folder is Tidemark's own, and how it gets there. */
import { join } from 'node:path';
import type { RunResult } from '../../hosts/contract';
import { parseTlsPeer } from '../../model/doors';
import { STATE_FOLDER } from '../../model/paths';
import { there } from '../../movers/rsync/account';
import { STATE_FILE } from '../../trees/own-entries';
import { writeRecord } from '../shared/tools';
import type { Peer } from './line';

/** An account that takes, and gives nothing back, as `rrsync -wo`. */
export const givesNothingBack = ({ stderr }: Pick<RunResult, 'stderr'>): boolean =>
  /write-only|this door only takes|(read|send)ing[^\n]* (is )?not (allowed|permitted)/i.test(stderr);

/** VolSync's end takes what comes for the application's: nothing of ours belongs there. */
export const keepsOurs = ({ volume }: Peer): boolean =>
  volume.options?.signal === undefined && !parseTlsPeer(volume.path);

/** Where what is to be sent there lies. */
export const outgoing = ({ line }: Peer): string => join(line.folder, 'out');

/** Sends what is ours, in place of what was there. @param options of rsync, beside the least */
export function pushOurs(peer: Peer, options: readonly string[] = []): string[] {
  const from = join(outgoing(peer), STATE_FOLDER);
  // It may delete, or it is told so before anything else goes there.
  return ['-rlpt', '--delete', ...options, '--', from, there(peer.line.landing)];
}

/** Puts into place what is sent next. */
export async function stage(peer: Peer, state: unknown): Promise<void> {
  const { files } = peer.line.runner;
  await files.remove(outgoing(peer));
  await writeRecord(peer, join(outgoing(peer), STATE_FOLDER, STATE_FILE), state, files);
}
