/** Which target a line about a relationship is about. Pure. */
import { HEALTHS } from '../../model/health';
import type { RelationshipSummary, TargetSummary } from '../../model/summary';

/** By its status, and then by how late it is. */
export function worstTarget({ targets }: Pick<RelationshipSummary, 'targets'>): TargetSummary | undefined {
  const lateness = ({ lagSeconds, promised }: TargetSummary) =>
    lagSeconds === null ? Infinity : lagSeconds / (promised?.seconds || Infinity);
  return targets.toSorted(
    (one, other) =>
      HEALTHS.indexOf(other.status) - HEALTHS.indexOf(one.status) || compare(lateness(other), lateness(one)),
  )[0];
}

const compare = (one: number, other: number) => (one === other ? 0 : one < other ? -1 : 1);
