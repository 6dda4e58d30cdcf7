/**
 * The repair ladder: from which state a stream starts, and where it lands. For movers that send from a
 * base that both sides hold by identity (zfs, btrfs). A pure decision, shared by workflows and tests.
 */
import type { HeldState } from './records';

/** How a target is brought up to date, as its history shows it. */
export type StreamHow =
  | 'resume'
  | 'incremental'
  | 'incremental-from-older-base'
  | 'incremental-from-bookmark'
  | 'full'
  | 'full-into-side';

/** Where a stream starts from, and where it lands. */
export interface StreamPlan {
  how: StreamHow;
  /** What both sides hold, and what each calls it; none for a full stream. */
  base?: { identity: string; sourceName: string; targetName: string };
  /**
   * `replica`: onto the live replica, whose newest state is the base, or which is not there yet. `side`: into a
   * volume beside it, which takes its place once it is whole; the old one is kept until then.
   */
  into: 'replica' | 'side';
}

export interface StreamSituation {
  /** What each side holds, oldest first. */
  source: readonly HeldState[];
  target: readonly HeldState[];
  /** There is a replica. */
  targetExists: boolean;
  /** Somebody changed the replica after its newest state. */
  targetChanged: boolean;
  /** Bases that a transfer of this sync found to be gone or broken. */
  excluded: readonly string[];
}

/** The newest state that both sides hold and that is not known to be broken; a snapshot before a bookmark of the same. */
function findBase({ source, target, excluded }: StreamSituation) {
  const held = new Map(
    target.filter(({ kind }) => kind === 'snapshot').map((state) => [state.identity, state]),
  );
  const newestFirst = source
    .toReversed()
    .filter(({ identity }) => held.has(identity) && !excluded.includes(identity));
  const newest = newestFirst[0];
  if (!newest) return undefined;
  const best =
    newestFirst.find(({ identity, kind }) => identity === newest.identity && kind === 'snapshot') ?? newest;
  return { source: best, target: held.get(best.identity) ?? best };
}

/** No state of the replica itself is newer. */
function isNewestOf(target: readonly HeldState[], base: string): boolean {
  const last = target.findLast(
    ({ kind, apart, identity }) => kind === 'snapshot' && (!apart || identity === base),
  );
  return last?.identity === base;
}

/** Chooses the highest rung of the ladder that holds. None of them touches the last good replica. */
export function planStream(situation: StreamSituation): StreamPlan {
  const { target, targetExists, targetChanged } = situation;
  const base = findBase(situation);
  if (!base) return targetExists ? { how: 'full-into-side', into: 'side' } : { how: 'full', into: 'replica' };
  const named = {
    identity: base.source.identity,
    sourceName: base.source.name,
    targetName: base.target.name,
  };
  const isNewest = isNewestOf(target, named.identity);
  if (!isNewest || targetChanged) return { how: 'incremental-from-older-base', base: named, into: 'side' };
  const how = base.source.kind === 'bookmark' ? 'incremental-from-bookmark' : 'incremental';
  return { how, base: named, into: 'replica' };
}

/** The rung above all others: what the target's storage has of a stream that was cut off is not sent again. */
export function howWithLanding(how: StreamHow, landing: { resumeToken?: string }): StreamHow {
  return landing.resumeToken === undefined ? how : 'resume';
}

/**
 * What stands at a target beyond the newest common state and is not this relationship's: it would be left behind
 * when a side volume takes the replica's place, so nobody does that unasked.
 */
export function findDivergence(
  situation: StreamSituation,
): { changed: boolean; foreign: HeldState[] } | undefined {
  const { target, targetExists, targetChanged } = situation;
  if (!targetExists) return undefined;
  const base = findBase({ ...situation, excluded: [] });
  const after = base
    ? target.slice(target.findIndex(({ identity }) => identity === base.target.identity) + 1)
    : target;
  const foreign = after.filter(({ ours, apart, kind }) => !ours && !apart && kind === 'snapshot');
  return targetChanged || foreign.length > 0 ? { changed: targetChanged, foreign } : undefined;
}
