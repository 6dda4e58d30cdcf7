/** The state of a relationship and how each event changes it: pure, so that it can be tested alone. */
import type { Bases } from './bases';
import { targetName, volumeOf } from './endpoints';
import { orient, primaryAfter, sourceName } from './orientation';
import { isMissingAgent } from './failure';
import type { Failure, Instant, SyncRecord, TargetOutcome } from './records';
import { targetsDue } from './schedules';
import type { Relationship, TargetSpec } from './spec';
import type { LastSync, OperationKind, Phase, RelationshipStatus, Takeover, TargetStatus } from './status';

/** How many syncs the relationship itself remembers; the catalog has them all. */
const REMEMBERED_SYNCS = 20;

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

/** All hosts of a relationship, the source's first, each once. */
export function hostsOf(document: Relationship): string[] {
  return [...new Set([document.spec.source.host, ...document.spec.targets.map((target) => target.host)])];
}

/** The names of the targets that a request means by names or classes. Unknown ones are returned too. */
export function chooseTargets(
  targets: readonly TargetSpec[],
  wanted: readonly string[] | undefined,
): { chosen: string[]; unknown: string[] } {
  const names = targets.map(targetName);
  if (!wanted || wanted.length === 0) return { chosen: names, unknown: [] };
  // `nodes` and `drpnodes` are what operators type for the classes `node` and `drpnode`.
  const matches = (target: TargetSpec, want: string) =>
    targetName(target) === want || target.class === want || `${target.class}s` === want;
  return {
    chosen: targets.filter((target) => wanted.some((want) => matches(target, want))).map(targetName),
    unknown: wanted.filter((want) => !targets.some((target) => matches(target, want))),
  };
}

/** Why a request for targets that there are not is refused; undefined where all are known. */
export function objectionToTargets(
  targets: readonly TargetSpec[],
  wanted: readonly string[] | undefined,
): string | undefined {
  const { unknown } = chooseTargets(targets, wanted);
  if (unknown.length === 0) return undefined;
  const known = targets.map((target) => `${targetName(target)} (${target.class})`).join(', ');
  return `no target has the name or class ${unknown.join(', ')}; there are ${known}`;
}

/**
 * The targets that a tick starts a sync of, now or right after the sync of others that runs; none: it is
 * skipped. A sync of some targets alone, such as one that is tried again, must not cost the others their ticks.
 * @param request.tick when the Schedule meant it; without it, the tick is for all
 * @param request.targets names or classes that it is for, whenever it was meant
 */
export function targetsOfTick(
  state: RelationshipState,
  { tick, targets }: { tick?: Instant; targets?: string[] },
): string[] {
  const document = activeDocument(state);
  if (!document || state.paused || state.takeover) return [];
  const { spec } = document;
  const due =
    tick === undefined || targets ? chooseTargets(spec.targets, targets).chosen : targetsDue(spec, tick);
  if (!state.operation) return due;
  const { targets: running } = state.operation;
  return running ? due.filter((name) => !running.includes(name)) : [];
}

/** The target that a failover goes to where nobody names one: the freshest. */
export function chooseTakeoverTarget(targets: readonly TargetStatus[]): string | undefined {
  const fresh = targets
    .filter(({ result }) => result !== 'external')
    .toSorted((one, other) => (other.capturedAt ?? '').localeCompare(one.capturedAt ?? ''));
  return fresh[0]?.name;
}

function toTargetStatus(old: TargetStatus, outcome: TargetOutcome): TargetStatus {
  const { lastError: _gone, givenUp, ...kept } = old;
  return {
    ...kept,
    ...(givenUp !== undefined && outcome.result !== 'succeeded' && { givenUp }),
    result: outcome.result,
    ...(outcome.point && {
      recoveryPoint: outcome.point.id,
      capturedAt: outcome.point.capturedAt,
      baseSyncId: outcome.point.syncId,
    }),
    ...(outcome.failure && { lastError: outcome.failure }),
  };
}

/** By target, the sync that it last confirmed, whose frozen state at the source is its base. */
export function basesOf({ targets }: RelationshipState): Bases {
  return Object.fromEntries(
    targets.flatMap(({ name, baseSyncId }) => (baseSyncId ? [[name, baseSyncId]] : [])),
  );
}

/** By target, when its base was frozen. */
export function basesCapturedAt({ targets }: RelationshipState): Record<string, Instant> {
  return Object.fromEntries(
    targets.flatMap(({ name, capturedAt }) => (capturedAt ? [[name, capturedAt]] : [])),
  );
}

/** The source keeps nothing for a target any more: said until a sync of it succeeds. */
function recordGivenUp(target: TargetStatus, record: SyncRecord): TargetStatus {
  const given = record.givenUp?.find((each) => each.target === target.name);
  if (!given || given.syncId !== target.baseSyncId) return target;
  const { baseSyncId: _dropped, ...rest } = target;
  return { ...rest, givenUp: given.text };
}

/** Says something to whoever looks at the current details, until a later sync succeeds. */
export function setNotice(state: RelationshipState, text: string): void {
  state.notice = { text, sequence: state.sequence };
}

/** Says that a target has failed before the sync has ended, which may be hours away. */
export function recordTargetFailure(state: RelationshipState, outcome: TargetOutcome): void {
  if (state.operation?.kind !== 'sync') return;
  state.targets = state.targets.map((target) =>
    target.name === outcome.name ? toTargetStatus(target, outcome) : target,
  );
}

function summarizeSync(record: SyncRecord): LastSync {
  const total = (pick: (target: TargetOutcome) => number | undefined) =>
    record.targets.reduce((sum, target) => sum + (pick(target) ?? 0), 0);
  return {
    syncId: record.syncId,
    result: record.result,
    startedAt: record.startedAt,
    endedAt: record.endedAt,
    bytes: total((target) => target.stats?.bytesSent),
    files: total((target) => target.stats?.filesChanged),
    durationSeconds: (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 1000,
  };
}

/** Every failure of a sync: its own, and those of its targets. */
export function failuresOf(record: SyncRecord): Failure[] {
  return [record.failure, ...record.targets.map((target) => target.failure)].filter(
    (failure) => failure !== undefined,
  );
}

/** What a finished sync changes. `retryDelayMs` is asked for only when one is to be started again. */
export function recordSyncEnd(
  state: RelationshipState,
  record: SyncRecord,
  now: Instant,
  retryDelayMs: (consecutiveFailures: number) => number,
): void {
  const outcomes = new Map(record.targets.map((target) => [target.name, target]));
  state.targets = state.targets.map((target) => {
    const outcome = outcomes.get(target.name);
    return recordGivenUp(outcome ? toTargetStatus(target, outcome) : target, record);
  });
  state.history = [record, ...state.history].slice(0, REMEMBERED_SYNCS);
  state.lastSync = summarizeSync(record);
  // What was said while this one ran is newer than it.
  if (record.result === 'succeeded' && state.notice && state.notice.sequence < record.sequence)
    delete state.notice;
  planRecovery(state, record.failure, now, retryDelayMs);
}

/**
 * What is to happen about everything that is wrong: also with targets that this sync left out, which
 * must not be forgotten because another one did well.
 */
function planRecovery(
  state: RelationshipState,
  failure: Failure | undefined,
  now: Instant,
  retryDelayMs: (consecutiveFailures: number) => number,
): void {
  delete state.approval;
  delete state.retryAt;
  const failing = state.targets.filter((target) => target.result === 'failed');
  const failures = [failure, ...failing.map((target) => target.lastError)].filter(
    (each) => each !== undefined,
  );
  const absent = failures.filter(isMissingAgent).map((each) => each.host ?? '');
  state.absentHosts = [...new Set(absent)].filter(Boolean);
  const asks = (each: Failure | undefined) => each !== undefined && ASKING.includes(each.type);
  const guard = failures.find(asks);
  if (guard) state.approval = { reason: guard.message, since: now };
  const retryable = failing.filter((target) => !asks(target.lastError));
  state.retryTargets = retryable.map((target) => target.name);
  const isWholeLost = failing.length === 0 && failure !== undefined && failure.type !== 'Cancelled';
  if (failures.length === 0 || failure?.type === 'Cancelled') state.consecutiveFailures = 0;
  else state.consecutiveFailures++;
  if (retryable.length === 0 && !isWholeLost) return;
  state.retryAt = new Date(Date.parse(now) + retryDelayMs(state.consecutiveFailures)).toISOString();
}

/** Failures of a sync that nothing mends but a person who says yes. */
const ASKING: readonly Failure['type'][] = ['ApprovalRequired', 'Diverged'];

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
