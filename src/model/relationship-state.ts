/** The state of a relationship and how each event changes it: pure, so that it can be tested alone. */
import { NO_SPEC } from './vanished';
import { claimDoorOf, hostsOf, targetName, volumeOf } from './endpoints';
import { findPrimary, isSamePlace, orient, primaryAfter, primaryName } from './orientation';
import type { EventsState } from './events';
import type { Failure, SyncRecord } from './records';
import { type SelectionNotes, selectionTexts } from './selections';
import type { Relationship, TargetSpec } from './spec';
import type { OperationKind, Phase, RelationshipStatus, Takeover, TargetStatus } from './status';
import { replicatedTo, takeoversOf, toTakeover } from './takeovers';

/** Everything that outlives a run of the relationship workflow. */
export interface RelationshipState
  extends Omit<RelationshipStatus, 'phase' | 'document' | 'direction' | 'notice'>, EventsState {
  /** As the user wrote it; `activeDocument` is what holds. Undefined until the first `apply` was accepted. */
  document?: Relationship;
  /** The target that is the primary; undefined while it is the spec's source. */
  primary?: string;
  /** The epoch of the last takeover: one that is told again must not come back after the way back. */
  takeoverEpoch?: number;
  history: SyncRecord[];
  /** For the current details: why a signal was not obeyed, its sender being out of reach, or who approved of what. */
  notice?: { text: string; /** The operation that ran then, or was the last. */ sequence: number };
  /** Hosts without an agent, as the last sync found. */
  absentHosts: string[];
  /** Targets to sync again at `retryAt`; all of them where it is empty. */
  retryTargets: string[];
  /** The next sync may pass its guards. */
  approved: boolean;
  retired: boolean;
  /** What is worth knowing of the hosts that its selectors mean. */
  selection?: SelectionNotes;
}

export function initialState(name: string): RelationshipState {
  return {
    name,
    paused: false,
    epoch: 1,
    sequence: 0,
    targets: [],
    history: [],
    consecutiveFailures: 0,
    missedTicks: 0,
    warnings: [],
    absentHosts: [],
    retryTargets: [],
    approved: false,
    retired: false,
  };
}

/** Its sync waits for somebody else, who may come in days; or they are at it. */
export function isAwaitingPush(state: RelationshipState): boolean {
  const { spec } = activeDocument(state) ?? {};
  return state.operation?.kind === 'sync' && spec !== undefined && claimDoorOf(spec.source) !== undefined;
}

/** What the relationship is doing or waiting for, derived from its state. */
export function phaseOf(state: RelationshipState): Phase {
  if (state.retired) return 'Retired';
  if (!state.document) return 'Applying';
  if (isAwaitingPush(state)) return 'AwaitingPush';
  if (state.operation) return phaseOfOperation(state.operation);
  if (state.fetches) return 'Syncing';
  const isHeldUp = state.approval !== undefined || state.absentHosts.length > 0;
  if (state.takeover && !isHeldUp) return 'FailedOver';
  if (state.paused) return 'Paused';
  if (state.approval) return 'WaitingForApproval';
  if (state.absentHosts.length > 0 || state.targets.length === 0) return 'WaitingForHost';
  if (state.retryAt) return 'Retrying';
  return 'Idle';
}

const RUNNING: Record<OperationKind, Phase> = {
  sync: 'Syncing',
  verify: 'Verifying',
  restore: 'Restoring',
  failover: 'FailingOver',
  relocate: 'Relocating',
  reverse: 'Reversing',
};

function phaseOfOperation({ kind, waiting }: NonNullable<RelationshipState['operation']>): Phase {
  if (waiting) return waiting.for === 'approve' ? 'WaitingForApproval' : 'Parked';
  return RUNNING[kind];
}

/** The document as it holds now: with the primary as its source. */
export function activeDocument({
  document,
  primary,
}: Pick<RelationshipState, 'document' | 'primary'>): Relationship | undefined {
  return document && orient(document, primary);
}

/** No tick starts anything: it is paused, or there is nobody to replicate to. */
export function isStopped(
  state: Pick<RelationshipState, 'document' | 'primary' | 'paused' | 'takeover'>,
): boolean {
  const { targets = [] } = activeDocument(state)?.spec ?? {};
  return state.paused || replicatedTo(targets, state.takeover).length === 0;
}

export function directionOf({ primary }: RelationshipState): RelationshipStatus['direction'] {
  return primary === undefined ? 'forward' : 'reversed';
}

/**
 * A target has been promoted: it is the source from here on, in an epoch of its own, and the source is a
 * target that was never synced. Idempotent: the second time changes nothing.
 */
export function recordTakeover(state: RelationshipState, takeover: Takeover, epoch: number): void {
  const { document } = state;
  if (!document || epoch <= (state.takeoverEpoch ?? 0)) return;
  const primary = primaryAfter(document, takeover.target);
  if (primary === undefined) delete state.primary;
  else state.primary = primary;
  // Who has not come back from an earlier one is waited for still, unless it is who has taken over now.
  const earlier = takeoversOf(state.takeover).filter(({ from }) => from !== takeover.target);
  const next = toTakeover([takeover, ...earlier], takeover.target);
  if (next) state.takeover = next;
  state.takeoverEpoch = epoch;
  recordEpoch(state, epoch);
  // What was to be done about the old direction.
  delete state.retryAt;
  delete state.approval;
  state.approved = false;
  state.retryTargets = [];
  state.consecutiveFailures = 0;
  state.absentHosts = [];
  applyDocument(state, document);
}

/** The epoch that an operation has begun, which must never come again. */
export function recordEpoch(state: RelationshipState, epoch: number): void {
  state.epoch = Math.max(state.epoch, epoch);
}

function neverSynced(target: TargetSpec): TargetStatus {
  return { name: targetName(target), host: target.host, volume: volumeOf(target).path, result: 'never' };
}

/**
 * Takes a changed document: targets that stay keep what is known of them, new ones have never been
 * synced. Returns the names of targets that are new or moved, and so need a sync at once.
 */
export function applyDocument(state: RelationshipState, document: Relationship): string[] {
  const known = new Map(state.targets.map((target) => [target.name, target]));
  const added: string[] = [];
  const former = keepPrimary(state, document);
  state.targets = orient(document, state.primary).spec.targets.map((spec) => {
    const fresh = neverSynced(spec);
    const old = known.get(fresh.name);
    if (old?.host === fresh.host && old.volume === fresh.volume) return old;
    added.push(fresh.name);
    return fresh;
  });
  state.document = document;
  keepTakeovers(state, document, former);
  state.absentHosts = state.absentHosts.filter((host) => hostsOf(document).includes(host));
  return added;
}

/** The primary stays the same volume, whatever it is in another document. Answers how it was until now. */
function keepPrimary(state: RelationshipState, document: Relationship): Relationship | undefined {
  const former = activeDocument(state);
  if (!former || state.primary === undefined) return former;
  const found = findPrimary(document, former.spec.source);
  if (found?.primary !== undefined) state.primary = found.primary;
  else if (found) delete state.primary;
  return former;
}

/** An old primary that is gone from the spec is not waited for any more; one with another name is. */
function keepTakeovers(
  state: RelationshipState,
  document: Relationship,
  former: Relationship | undefined,
): void {
  const { targets } = orient(document, state.primary).spec;
  const kept = takeoversOf(state.takeover).flatMap((takeover): Takeover[] => {
    const old = former?.spec.targets.find((target) => targetName(target) === takeover.from);
    const now = targets.find((target) =>
      old ? isSamePlace(target, old) : targetName(target) === takeover.from,
    );
    return now ? [{ ...takeover, from: targetName(now) }] : [];
  });
  const takeover = toTakeover(kept, primaryName(document, state.primary));
  if (takeover) state.takeover = takeover;
  else delete state.takeover;
}

/** Hosts that stay targets whatever the labels of their agents: the primary, and who is waited for since a failover. */
export function heldHosts({ document, primary, takeover }: RelationshipState): string[] {
  const names = [primary, ...takeoversOf(takeover).flatMap(({ from, target }) => [from, target])];
  const { targets = [] } = document?.spec ?? {};
  return targets.filter((target) => names.includes(targetName(target))).map(({ host }) => host);
}

/** What is worth knowing of its spec, as it was applied, and of the hosts that its selectors mean. */
export function warningsOf({ warnings, selection }: RelationshipState): string[] {
  return [...warnings, ...selectionTexts(selection)];
}

/** Says something to whoever looks at the current details, until a later sync succeeds. */
export function setNotice(state: RelationshipState, text: string): void {
  state.notice = { text, sequence: state.sequence };
}

/** Failures that a user who replaced a volume on purpose may override. */
const APPROVABLE: readonly Failure['type'][] = ['NotMounted', 'VolumeMissing'];

/** What `tidemark approve` would let through now; undefined where nothing waits for it. */
export function waitingForApproval(state: RelationshipState): string | undefined {
  const { waiting } = state.operation ?? {};
  if (waiting) return waiting.for === 'approve' ? waiting.text : undefined;
  if (state.approval) return state.approval.reason;
  const stopped = state.targets.find(({ result, lastError }) => {
    return result === 'failed' && lastError && APPROVABLE.includes(lastError.type);
  });
  return stopped?.lastError?.message;
}

/** What the query `status` answers. */
export function toStatus(state: RelationshipState): RelationshipStatus | undefined {
  if (!state.document) return undefined;
  return {
    name: state.name,
    document: orient(state.document, state.primary),
    phase: phaseOf(state),
    paused: state.paused,
    direction: directionOf(state),
    epoch: state.epoch,
    sequence: state.sequence,
    ...(state.operation && { operation: state.operation }),
    ...(state.fetches && { fetches: state.fetches }),
    targets: state.targets,
    ...(state.lastSync && { lastSync: state.lastSync }),
    ...(state.approval && { approval: state.approval }),
    consecutiveFailures: state.consecutiveFailures,
    ...(state.retryAt && { retryAt: state.retryAt }),
    missedTicks: state.missedTicks,
    warnings: warningsOf(state),
    ...(state.takeover && { takeover: state.takeover }),
    ...(state.drill && { drill: state.drill }),
    ...(state.lastDrill && { lastDrill: state.lastDrill }),
    ...(state.drillSchedule !== undefined && { drillSchedule: state.drillSchedule }),
    ...(state.notice && { notice: state.notice.text }),
  };
}

/** Why the present state does not allow an operation on request; undefined where it does. */
export function reasonAgainst(state: RelationshipState): string | undefined {
  if (state.retired) return `relationship ${state.name} was deleted`;
  if (!state.document) return `relationship ${state.name} ${NO_SPEC}`;
  if (state.paused) return `relationship ${state.name} is paused: tidemark resume ${state.name}`;
  return undefined;
}
