/**
 * The repair ladder: from which state a stream starts, and where it lands. For movers that send from a
 * base that both sides hold by identity (zfs, btrfs). A pure decision, shared by workflows and tests.
 */
import type { Failure, HeldState } from './records';

/** How a target is brought up to date, as its history shows it. */
export type StreamHow =
  | 'resume'
  | 'incremental'
  | 'incremental-from-older-base'
  | 'incremental-from-bookmark'
  | 'delta-onto-clone'
  | 'full'
  | 'full-into-side';

/** Where a stream starts from, and where it lands. */
export interface StreamPlan {
  how: StreamHow;
  /** What both sides hold, and what each calls it; none for a full stream. */
  base?: { identity: string; sourceName: string; targetName: string };
  /** Of a delta: the target's own state, a clone of which is brought up to date by comparing its files. */
  onto?: { identity: string; targetName: string };
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
  /** No files are to be compared: more than one tree is sent, or it was tried in this sync, and can't be done. */
  withoutDelta?: boolean;
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

/**
 * The replica's own newest state, where files may be compared with a clone of it. Not twice in a row where that
 * makes no state that both hold: then everything is sent, and increments are back.
 */
function findOnto({ target, targetExists, withoutDelta }: StreamSituation): HeldState | undefined {
  if (!targetExists || withoutDelta) return undefined;
  const newest = target.findLast(({ kind, apart }) => kind === 'snapshot' && !apart);
  return newest?.delta ? undefined : newest;
}

/** Chooses the highest rung of the ladder that holds. None of them touches the last good replica. */
export function planStream(situation: StreamSituation): StreamPlan {
  const { target, targetExists, targetChanged } = situation;
  const base = findBase(situation);
  if (!base) {
    const onto = findOnto(situation);
    if (onto) {
      const { identity, name: targetName } = onto;
      return { how: 'delta-onto-clone', into: 'side', onto: { identity, targetName } };
    }
    return targetExists ? { how: 'full-into-side', into: 'side' } : { how: 'full', into: 'replica' };
  }
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

/** Failures that say that files can't be compared there: everything can be sent all the same. */
const SPOILS_DELTA: readonly Failure['type'][] = [
  'BaseLost',
  'InvalidSpec',
  'NotMounted',
  // Of a frozen source: what was read of the clone is not what had been written.
  'SourceChanged',
  'ToolFailed',
  'ToolMissing',
  'UnsupportedCapture',
  'VolumeMissing',
];

/** What the choice of a rung leaves out. */
export type RungsLeftOut = Pick<StreamSituation, 'excluded' | 'withoutDelta'>;

/** What the next choice leaves out after a transfer failed so; undefined where a lower rung would fare no better. */
export function stepDown(
  plan: StreamPlan | undefined,
  failure: Failure['type'],
  left: RungsLeftOut,
): RungsLeftOut | undefined {
  if (plan?.how === 'delta-onto-clone')
    return SPOILS_DELTA.includes(failure) ? { ...left, withoutDelta: true } : undefined;
  if (failure !== 'BaseLost' || !plan?.base) return undefined;
  return { ...left, excluded: [...left.excluded, plan.base.identity] };
}

/**
 * What stands at a target beyond the newest common state and is not this relationship's: it would be left behind
 * when a side volume takes the replica's place, so that takes an approval.
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
