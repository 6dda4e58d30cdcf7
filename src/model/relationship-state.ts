/** The state of a relationship and how each event changes it: pure, so that it can be tested alone. */
import { hostsOf, targetName, volumeOf } from './endpoints';
import { orient, primaryAfter, sourceName } from './orientation';
import type { Failure, SyncRecord } from './records';
import type { Relationship, TargetSpec } from './spec';
import type { OperationKind, Phase, RelationshipStatus, Takeover, TargetStatus } from './status';

/** Everything that outlives a run of the relationship workflow. */
export interface RelationshipState extends Omit<
  RelationshipStatus,
  'phase' | 'document' | 'direction' | 'notice'
> {
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

/** What the relationship is doing or waiting for, derived from its state. */
export function phaseOf(state: RelationshipState): Phase {
  if (state.retired) return 'Retired';
  if (!state.document) return 'Applying';
  if (state.operation) return phaseOfOperation(state.operation);
  if (state.takeover) return 'FailedOver';
  if (state.paused) return 'Paused';
  if (state.approval) return 'WaitingForApproval';
  if (state.absentHosts.length > 0) return 'WaitingForHost';
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
export function activeDocument({ document, primary }: RelationshipState): Relationship | undefined {
  return document && orient(document, primary);
}

export function directionOf({ primary }: RelationshipState): RelationshipStatus['direction'] {
  return primary === undefined ? 'forward' : 'reversed';
}

/**
 * A target has been promoted: it is the source from here on, in an epoch of its own, and the source is a
 * target that was never synced. Repeatable: the second time changes nothing.
 */
export function recordTakeover(state: RelationshipState, takeover: Takeover, epoch: number): void {
  const { document } = state;
  if (!document || epoch <= (state.takeoverEpoch ?? 0)) return;
  const primary = primaryAfter(document, takeover.target);
  if (primary === undefined) delete state.primary;
  else state.primary = primary;
  state.takeover = takeover;
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
  state.targets = orient(document, state.primary).spec.targets.map((spec) => {
    const fresh = neverSynced(spec);
    const old = known.get(fresh.name);
    if (old?.host === fresh.host && old.volume === fresh.volume) return old;
    added.push(fresh.name);
    return fresh;
  });
  state.document = document;
  keepTakeover(state, document);
  state.absentHosts = state.absentHosts.filter((host) => hostsOf(document).includes(host));
  return added;
}

/** An old primary that is gone from the spec never comes back: what stands in its place is brought back instead. */
function keepTakeover(state: RelationshipState, document: Relationship): void {
  const { takeover, targets, primary } = state;
  if (!takeover || targets.some(({ name }) => name === takeover.from)) return;
  const from = primary === undefined ? targets[0]?.name : sourceName(document);
  const { fencing: _gone, ...rest } = takeover;
  // Nobody has used it yet: there is nothing to fence.
  if (from !== undefined) state.takeover = { ...rest, from, fenced: true };
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
    targets: state.targets,
    ...(state.lastSync && { lastSync: state.lastSync }),
    ...(state.approval && { approval: state.approval }),
    consecutiveFailures: state.consecutiveFailures,
    ...(state.retryAt && { retryAt: state.retryAt }),
    missedTicks: state.missedTicks,
    warnings: state.warnings,
    ...(state.takeover && { takeover: state.takeover }),
    ...(state.drill && { drill: state.drill }),
    ...(state.lastDrill && { lastDrill: state.lastDrill }),
    ...(state.drillSchedule !== undefined && { drillSchedule: state.drillSchedule }),
    ...(state.notice && { notice: state.notice.text }),
  };
}
