/** Which targets a request, a tick or a failover is for. Pure. */
import { claimDoorOf, isAtSource, targetName } from './endpoints';
import type { Instant } from './records';
import { activeDocument } from './relationship-state';
import { fetchingTargets } from './fetches';
import { awaitedNames, awaitedText, replicatedTo } from './takeovers';
import type { RelationshipState } from './relationship-state';
import { noTargetText } from './selections';
import { targetsDue } from './schedules';
import type { Relationship, TargetSpec } from './spec';
import type { TargetStatus } from './status';

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

/** Why nothing can be synced: there is no target at all, since a selector means nobody yet. */
export function objectionToNone(state: RelationshipState): string | undefined {
  const document = activeDocument(state);
  return document && noTargetText(document);
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
  if (!document || state.paused) return [];
  const { spec } = document;
  const meant =
    tick === undefined || targets ? chooseTargets(spec.targets, targets).chosen : targetsDue(spec, tick);
  const awaited = awaitedNames(state.takeover);
  const due = meant.filter((name) => !awaited.includes(name));
  const running = state.operation ? (state.operation.targets ?? due) : [];
  const busy = [...running, ...fetchingTargets(state)];
  return due.filter((name) => !busy.includes(name));
}

/**
 * Why a request for these targets can't be carried out since a failover: one that is named is an old primary that is
 * no copy yet, or there is no other. Undefined where it can.
 */
export function objectionToAwaited(
  state: RelationshipState,
  wanted: readonly string[] | undefined,
): string | undefined {
  const targets = activeDocument(state)?.spec.targets ?? [];
  const awaited = awaitedNames(state.takeover);
  const named = (wanted ?? []).find((name) => awaited.includes(name));
  const { chosen } = chooseTargets(replicatedTo(targets, state.takeover), wanted);
  const waitedFor = named ?? (chosen.length === 0 ? awaited[0] : undefined);
  if (!state.takeover || waitedFor === undefined) return undefined;
  return awaitedText(state.name, state.takeover, waitedFor);
}

/** The target that a failover goes to where nobody names one: the freshest in which a service can go on. */
export function chooseTakeoverTarget(
  { spec }: Relationship,
  targets: readonly TargetStatus[],
): string | undefined {
  const stores = spec.targets.filter(isAtSource).map(targetName);
  return targets.filter(({ name }) => !stores.includes(name)).toSorted(byFreshness)[0]?.name;
}

const byFreshness = (one: TargetStatus, other: TargetStatus): number =>
  (other.capturedAt ?? '').localeCompare(one.capturedAt ?? '');

/** The freshest of those in which no service can go on; undefined where there is none. */
export function chooseStore(
  { spec }: Relationship,
  targets: readonly TargetStatus[],
): TargetSpec | undefined {
  const stores = spec.targets.filter(isAtSource);
  const fresh = targets
    .toSorted(byFreshness)
    .map(({ name }) => stores.find((each) => targetName(each) === name));
  return fresh.find((each) => each !== undefined);
}

/** Why nothing can be compared with the source: it is somebody else's, who pushes. Undefined where it can. */
export function objectionToCompare(state: RelationshipState): string | undefined {
  const { spec } = activeDocument(state) ?? {};
  if (!spec || !claimDoorOf(spec.source)) return undefined;
  return `whoever pushes to ${state.name} has its source, and nothing here can be compared with that; restore a point, and look at it: tidemark restore ${state.name}`;
}
