/** Which changes of the spec a relationship can't take while its primary changes, or has changed. Pure. */
import { volumePath } from './endpoints';
import { findPrimary, orient } from './orientation';
import { RESOURCE_LABELS } from './resource-labels';
import type { RelationshipState } from './relationship-state';
import type { Relationship } from './spec';
import type { OperationKind } from './status';

const SWITCHES: readonly OperationKind[] = ['failover', 'relocate', 'reverse'];

/** Operations that change who is primary, or rely on who was. */
export function isSwitch(kind: OperationKind): boolean {
  return SWITCHES.includes(kind);
}

/** Why a document can't be taken now, and what to do first; undefined where it can. */
export function objectionTo(
  { name, document, primary, operation }: RelationshipState,
  wanted: Relationship,
): string | undefined {
  if (!document || JSON.stringify(document) === JSON.stringify(wanted)) return undefined;
  if (operation && isSwitch(operation.kind)) {
    return `${operation.kind} runs, and relies on the spec as it is: apply this once it has ended; tidemark describe ${name} says how it is`;
  }
  if (primary === undefined) return undefined;
  const { source } = orient(document, primary).spec;
  if (findPrimary(wanted, source)) return undefined;
  const place = `${source.host}:${volumePath(source)}`;
  return `${place} is the primary of ${name} now, and this spec has it neither as its source nor as a target: name it as its source, and as targets what it is to be copied to`;
}

/** Whoever keeps it by a custom resource puts it back as that says. */
function warnOfResource(old: Relationship | undefined, wanted: Relationship): string[] {
  const { [RESOURCE_LABELS.resource]: resource, [RESOURCE_LABELS.cluster]: cluster } =
    old?.metadata.labels ?? {};
  if (resource === undefined || wanted.metadata.labels[RESOURCE_LABELS.resource] === resource) return [];
  return [
    `resource ${resource} of cluster ${cluster ?? ''} keeps this relationship, and puts it back as it says: change that (kubectl edit relationship)`,
  ];
}

/** What a change of the spec will do at the next sync that one may not expect; and who will undo it. */
export function warnOfChange(old: Relationship | undefined, wanted: Relationship): string[] {
  return [...warnOfResource(old, wanted), ...warnOfPatterns(old, wanted)];
}

function warnOfPatterns(old: Relationship | undefined, wanted: Relationship): string[] {
  const before = old?.spec.mover.rsync;
  const after = wanted.spec.mover.rsync;
  if (!before || !after) return [];
  const added = after.exclude.filter((pattern) => !before.exclude.includes(pattern));
  const isFiltered = after.exclude.length > 0;
  const dropped = before.include.filter((pattern) => isFiltered && !after.include.includes(pattern));
  if (added.length === 0 && dropped.length === 0) return [];
  const changes = [
    ...(added.length > 0 ? [`is excluded now (${added.join(', ')})`] : []),
    ...(dropped.length > 0 ? [`is no longer included (${dropped.join(', ')})`] : []),
  ];
  return [
    `what ${changes.join(', or ')} is removed from the replicas at the next sync, within guards.maxDeletes; the recovery points that there are keep it`,
  ];
}
