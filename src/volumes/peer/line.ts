/** A peer, and what is said to it; what goes wrong with that, in classified errors. */
import { join } from 'node:path';
import { SHARED_KEY } from '../../hosts/shared-key';
import { parseTlsPeer } from '../../model/doors';
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import type { Host, Runner, RunOptions, RunResult } from '../../hosts/contract';
import { type AccountLine, explainEnding, runRsyncThere } from '../../movers/rsync/account';
import { withLock } from '../shared/lock';
import { namespaceOf, toolsOf, withTools } from '../pvc';
import { makeError, type Subject } from '../shared/tools';
import { landingOf, nameOf } from './address';
import { explainHostKey } from './host-key';

/** One peer, and the agent that talks to it. */
export interface Peer {
  host: Host;
  volume: Volume;
  line: AccountLine;
  /** What this agent keeps of it, in its own folder. */
  notes: string;
}

/**
 * @param runner left out: this host, or a pod of the cluster that it is
 * @throws TidemarkError `AuthRejected` where the spec names no credentials
 */
export function peerAt(host: Host, volume: Volume, runner?: Runner): Peer {
  const namespace = namespaceOf({ volume });
  if (volume.options?.credentials === undefined) {
    throw makeError({ host, volume }, 'AuthRejected', 'nothing says which key the peer lets in', {
      hint: `name it in the spec: credentials: NAME, a ${namespace === undefined ? 'folder of the --credentials folder' : `Secret of namespace ${namespace}`} with ${parseTlsPeer(volume.path) ? SHARED_KEY : 'key and known_hosts'}`,
    });
  }
  return atRunner({ host, volume }, runner ?? toolsOf({ host, volume }));
}

function atRunner({ host, volume }: Subject, runner: Runner): Peer {
  const folder = join(runner.scratch, 'peers', nameOf(volume));
  const notes = join(host.home, 'peers', nameOf(volume));
  return { host, volume, notes, line: { host, runner, landing: landingOf(volume), folder } };
}

/** Works with a peer from one place, which stays until that is done. */
export const fromOnePlace = <T>(peer: Peer, work: (peer: Peer) => Promise<T>): Promise<T> =>
  withTools(peer, (runner) => work(atRunner(peer, runner)));

/** One at a time of what uses the same files of the agent's own. None of them may use another one of them. */
export const exclusively = <T>(peer: Peer, work: (peer: Peer) => Promise<T>): Promise<T> =>
  withLock(`peer:${peer.notes}`, () => fromOnePlace(peer, work));

/** The error for an ending that is no success, with both fingerprints where the host key is none that is pinned. */
export async function explain(peer: Peer, ended: RunResult): Promise<TidemarkError> {
  const error = explainEnding(peer.line, peer.volume.path, ended);
  if (error.type === 'HostKeyMismatch') return await explainHostKey(peer, error);
  const { host, volume } = peer;
  return new TidemarkError(error.type, error.message, {
    ...error.details,
    ...{ host: host.name, volume: volume.path },
  });
}

/** Runs rsync with the peer; it must succeed. @throws TidemarkError */
export async function runChecked(
  peer: Peer,
  args: readonly string[],
  options?: RunOptions,
): Promise<RunResult> {
  const ended = await runRsyncThere(peer.line, args, options);
  if (ended.exitCode === 0) return ended;
  throw await explain(peer, ended);
}
