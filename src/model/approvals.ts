/** Who has approved a change of the primary, and how many people are still needed. Pure. */

export interface Approvals {
  /** What waits for them: `failover of wiki to beta`. */
  what: string;
  /** How many people, each by a name of their own. */
  needed: number;
  /** Who has approved, in this order. */
  by: readonly string[];
}

/** With one more approval; the same person counts once. */
export function approvedBy(approvals: Approvals, by: string): Approvals {
  return approvals.by.includes(by) ? approvals : { ...approvals, by: [...approvals.by, by] };
}

/** How many people are still needed. */
export function missingApprovals({ needed, by }: Approvals): number {
  return Math.max(0, needed - by.length);
}

/** `1 of 2 approvals (anna); 1 more person is needed`. */
export function describeApprovals(approvals: Approvals): string {
  const { needed, by } = approvals;
  const missing = missingApprovals(approvals);
  const names = by.length > 0 ? ` (${by.join(', ')})` : '';
  const given = `${by.length} of ${needed} ${needed === 1 ? 'approval' : 'approvals'}${names}`;
  if (missing === 0) return given;
  return `${given}; ${missing} more ${missing === 1 ? 'person is' : 'people are'} needed`;
}
