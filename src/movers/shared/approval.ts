import type { Host } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import type { TransferRequest } from '../contract';

/** A transfer that deletes more than `guards.maxDeletes` allows unasked. */
export function makeApprovalRequired(
  wouldDelete: number,
  { id, sourcePath, maxDeletions = 0 }: TransferRequest,
  host: Host,
): TidemarkError {
  const message = `this sync would delete ${wouldDelete} entries at ${id.target}, and at most ${maxDeletions} are allowed unasked`;
  return new TidemarkError('ApprovalRequired', message, {
    host: host.name,
    volume: sourcePath,
    hint: `look at the source; if this is meant, run: tidemark approve ${id.relationship}`,
  });
}
