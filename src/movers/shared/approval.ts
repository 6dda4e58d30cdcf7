import { formatEntries } from '../../model/units';
import type { Host } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import { approvalHint, type DeletionQuestion, judgeDeletions } from '../../model/guards';
import type { TransferRequest } from '../contract';

/** Names that a message shows. */
const SHOWN = 3;

/** What is asked of a transfer about its deletions. */
type Limited = Pick<
  TransferRequest,
  'id' | 'reach' | 'maxDeletions' | 'maxDeletionsPercent' | 'targetEntries'
>;

interface Details {
  /** By default what the transfer was told. */
  allowed?: number;
  /** Some of what would go, by paths fit to be shown. */
  examples?: readonly string[];
  /** It was judged before anything was written. */
  changedNothing?: true;
}

/** A transfer that deletes more than `guards.maxDeletes` allows without approval. */
export function makeApprovalRequired(
  wouldDelete: number,
  { id, reach, maxDeletions = 0 }: Limited,
  host: Host,
  { allowed = maxDeletions, examples = [], changedNothing }: Details = {},
): TidemarkError {
  const shown = examples.slice(0, SHOWN).join(', ');
  const names = shown === '' ? '' : ` (${shown}${wouldDelete > SHOWN ? ', …' : ''})`;
  const message = `this sync would delete ${formatEntries(wouldDelete)} at ${id.target}${names}, and at most ${allowed} may go without approval`;
  return new TidemarkError('ApprovalRequired', message, {
    host: host.name,
    volume: reach.path,
    hint: approvalHint(id.relationship),
    ...(changedNothing && { changedNothing }),
  });
}

/** Of a stream: what its mover has counted before the first byte goes. */
export type CountedDeletions = Pick<DeletionQuestion, 'removed' | 'baseEntries' | 'entries'> &
  Pick<Details, 'examples'>;

/** Whether a stream is limited in what it may delete, so that its deletions have to be counted. */
export function isLimited({ maxDeletions, maxDeletionsPercent }: Limited): boolean {
  return maxDeletions !== undefined || maxDeletionsPercent !== undefined;
}

/** @throws TidemarkError `ApprovalRequired` where a stream would delete more than is allowed without approval. */
export function refuseDeletions(host: Host, request: Limited, counted: CountedDeletions): void {
  const { targetEntries, maxDeletions, maxDeletionsPercent } = request;
  const { examples = [], ...counts } = counted;
  const judged = judgeDeletions({
    ...counts,
    ...(targetEntries !== undefined && { targetEntries }),
    ...(maxDeletions !== undefined && { maxDeletions }),
    ...(maxDeletionsPercent !== undefined && { maxDeletionsPercent }),
  });
  if (!judged) return;
  const { deleted, allowed } = judged;
  throw makeApprovalRequired(deleted, request, host, { allowed, examples, changedNothing: true });
}
