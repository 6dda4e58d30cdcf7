/** A look at a peer's folder, by what its account lets anybody see. */
import { join } from 'node:path';
import { LEFT_BY_TRANSFERS, there } from '../../movers/rsync/account';
import { NOT_CONTENT } from '../../trees/own-entries';
import { type FarState, fetchState, NOTHING_KNOWN, readNote } from './far-state';
import { fromOnePlace, type Peer, runChecked } from './line';
import { keepsOurs } from './ours';

export interface Look {
  exists: boolean;
  /** No entry but Tidemark's own. */
  empty: boolean;
  state: FarState;
  /** What is known is what this agent has noted: the account gives nothing back. */
  isFromMemory: boolean;
}

/** Each look connects anew. The steps of one sync ask the same, one right after the other. */
const FRESH_MS = 5_000;

const looks = new Map<string, { at: number; found: Promise<Look> }>();

const keyOf = ({ host, volume: { path, options, near } }: Peer) =>
  JSON.stringify([host.name, host.home, path, options?.credentials, options?.signal, near?.path]);

/** What was seen may have changed: this agent has written. */
export function forgetLooks(peer: Peer): void {
  looks.delete(keyOf(peer));
}

/** What lies in the folder, of what a dry pass says that it would delete. Pure. */
export function parseListing(output: string): { exists: boolean; names: string[] } {
  const names = output.split('\n').flatMap((line) => {
    const [, deleted, kept] =
      /^(?:\*deleting +(.+?)\/?|cannot delete non-empty directory: (.+))$/.exec(line) ?? [];
    return [deleted ?? kept ?? []].flat();
  });
  return { exists: !/^created directory /m.test(output), names: [...new Set(names)] };
}

/** By a push that would replace all by nothing, and is none: an account that only takes answers that too. */
async function list(peer: Peer): Promise<Pick<Look, 'exists' | 'empty'>> {
  const { line } = peer;
  const nothing = join(line.folder, 'nothing');
  await line.runner.files.mkdir(nothing, 0o700);
  // No deeper than what lies in the folder itself.
  const options = ['--dirs', '--dry-run', '--delete', '--out-format=%i %n', '--filter=P /*/*'];
  const { stdout, stderr } = await runChecked(peer, [...options, '--', `${nothing}/`, there(line.landing)]);
  const { exists, names } = parseListing(`${stdout.toString()}\n${stderr}`);
  const own = [...NOT_CONTENT, LEFT_BY_TRANSFERS];
  return { exists, empty: names.every((name) => own.includes(name)) };
}

const look = (peer: Peer): Promise<Look> => fromOnePlace(peer, lookFrom);

async function lookFrom(peer: Peer): Promise<Look> {
  const fetched = await fetchState(peer);
  const isFromMemory = fetched === 'unreadable';
  const state = isFromMemory ? (await readNote(peer)).state : (fetched ?? NOTHING_KNOWN);
  if (!isFromMemory && state.point) return { exists: true, empty: false, state, isFromMemory };
  return { ...(await list(peer)), state, isFromMemory };
}

/** As it was some seconds ago at the most. @throws TidemarkError where it can't be reached */
export async function lookAt(peer: Peer): Promise<Look> {
  const key = keyOf(peer);
  const before = looks.get(key);
  if (before && performance.now() - before.at < FRESH_MS) return await before.found;
  const now = { at: performance.now(), found: look(peer) };
  looks.set(key, now);
  try {
    return await now.found;
  } catch (error) {
    // One that was away may be back at any moment.
    if (looks.get(key) === now) looks.delete(key);
    throw error;
  }
}

/**
 * What is known of it, where nobody asks what lies there now. VolSync's end is away between two pushes, and what is known of that
 * this agent alone has noted.
 */
export async function stateOf(peer: Peer): Promise<FarState> {
  return keepsOurs(peer) ? (await lookAt(peer)).state : (await readNote(peer)).state;
}
