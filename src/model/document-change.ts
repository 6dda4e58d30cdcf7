/** Which changes of the spec a relationship can't take while its primary changes, or has changed. Pure. */
import { primaryAfter } from './orientation';
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
  if (primary === undefined || primaryAfter(wanted, primary) !== undefined) return undefined;
  return `${primary} is the primary now, and no target of this spec has that name; tidemark relocate ${name} first`;
}
