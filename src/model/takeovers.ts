/** Old primaries that are not yet copies of the new one: they are waited for, and nothing is sent to them. Pure. */
import type { TargetSpec } from './spec';
import { targetName } from './endpoints';
import type { Takeover } from './status';

/** The last takeover, and those before it whose old primary has not come back either; the newest first. */
export function takeoversOf(takeover: Takeover | undefined): Takeover[] {
  return takeover ? [takeover, ...takeoversOf(takeover.before)] : [];
}

/** The same as one that holds those before it. Who is primary is the same for all. */
export function toTakeover(takeovers: readonly Takeover[], primary?: string): Takeover | undefined {
  const [first, ...rest] = takeovers;
  if (!first) return undefined;
  const { before: _replaced, ...own } = first;
  const target = primary ?? own.target;
  const before = toTakeover(rest, target);
  return { ...own, target, ...(before && { before }) };
}

/** The names of old primaries that are waited for. */
export function awaitedNames(takeover: Takeover | undefined): string[] {
  return takeoversOf(takeover).map(({ from }) => from);
}

/** Targets that are replicated to: all but those that are waited for. */
export function replicatedTo(targets: readonly TargetSpec[], takeover: Takeover | undefined): TargetSpec[] {
  const awaited = awaitedNames(takeover);
  return targets.filter((target) => !awaited.includes(targetName(target)));
}

/** The takeover whose old primary is to be brought back next: one that has answered since, if there is one. */
export function nextToReverse(takeover: Takeover | undefined): Takeover | undefined {
  const takeovers = takeoversOf(takeover);
  return takeovers.find(({ fenced }) => fenced) ?? takeovers[0];
}

/** Why an old primary can't be synced, and what to do. */
export function awaitedText(relationship: string, takeover: Takeover, awaited: string): string {
  return (
    `${relationship} has failed over to ${takeover.target}, and ${awaited} is no copy of it yet: ` +
    `tidemark reverse ${relationship} makes it one, once its host answers; a spec with another target in its place is taken too`
  );
}
