/** How far running operations are, as their agents tell Temporal. */
import type { Client } from '@temporalio/client';
import type { StateEntry } from '../../catalog/contract';
import { readRunning, sumProgress } from '../../client/follow';
import { Temporal } from '../../client/temporal-client';
import { inTurns } from '../../model/in-turns';
import type { Progress } from '../../model/records';
import type { OperationKind } from '../../model/status';

/** Each costs Temporal a question or two; those that began first are asked about. */
const MOST_ASKED = 32;
const AT_ONCE = 8;
const ANSWER_MS = 1500;

export interface RunningProgress extends Pick<Progress, 'bytesDone' | 'bytesTotal'> {
  relationship: string;
  kind: OperationKind;
}

export interface ProgressSource {
  /** Of the longest running operations, as far as they say so. Never throws, and takes two seconds at most. */
  progress(states: ReadonlyMap<string, StateEntry>): Promise<RunningProgress[]>;
}

export const NO_PROGRESS: ProgressSource = { progress: () => Promise.resolve([]) };

/** The operations that run, those first that began first; one for each relationship. */
export function longestRunning(states: Iterable<StateEntry>, most: number) {
  return [...states]
    .flatMap(({ name, vanished, status: { operation, fetches } }) => {
      const running = vanished ? undefined : (operation ?? fetches?.[0]);
      return running && !running.waiting ? [{ name, ...running }] : [];
    })
    .toSorted((one, other) => Date.parse(one.startedAt) - Date.parse(other.startedAt))
    .slice(0, most);
}

export function makeProgressSource(client: Client): ProgressSource {
  const temporal = Temporal.over(client, '');
  return {
    async progress(states) {
      const until = Date.now() + ANSWER_MS;
      const all = await inTurns(longestRunning(states.values(), MOST_ASKED), AT_ONCE, async (operation) => {
        const { name: relationship, kind, workflowId } = operation;
        const running = await client
          .withDeadline(until, () => readRunning(temporal, workflowId))
          .catch(() => []);
        const sum = sumProgress(running);
        if (!sum) return [];
        const { bytesDone, bytesTotal } = sum;
        return [{ relationship, kind, bytesDone, ...(bytesTotal !== undefined && { bytesTotal }) }];
      });
      return all.flat();
    },
  };
}
