/** What runs now, anywhere: since when, how far, waiting for what. */
import type { OperationView } from '../../api/operation-view';
import { getJson } from '../data/api';
import { usePoll } from '../data/poll';
import { useAsAge } from '../data/shown';
import { Trouble } from './parts';
import { OperationCard } from './running';

const EVERY_MS = 5000;
/** More would be no help: those that wait come first, and then the longest. */
const MOST_SHOWN = 100;

function inOrder(operations: readonly OperationView[]): OperationView[] {
  return operations.toSorted(
    (one, other) =>
      Number(other.waiting !== null) - Number(one.waiting !== null) ||
      Date.parse(one.startedAt) - Date.parse(other.startedAt),
  );
}

export function Operations() {
  const ask = (signal: AbortSignal) => getJson<{ operations: OperationView[] }>('/v1/operations', signal);
  const poll = usePoll('operations', ask, { everyMs: EVERY_MS });
  useAsAge(poll);
  const operations = poll.value.value?.operations;
  return (
    <>
      <h1 tabIndex={-1}>Running</h1>
      {!operations && <Trouble error={poll.error.value} />}
      {operations?.length === 0 && <p class="empty">Nothing runs.</p>}
      {operations && (
        <ul class="cards">
          {inOrder(operations)
            .slice(0, MOST_SHOWN)
            .map((view) => (
              <li key={view.workflowId}>
                <OperationCard view={view} isNamed />
              </li>
            ))}
        </ul>
      )}
      {operations && operations.length > MOST_SHOWN && (
        <p class="quiet">{operations.length - MOST_SHOWN} more run.</p>
      )}
    </>
  );
}
