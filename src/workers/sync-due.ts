/** What an agent tells relationships, and asks them: until it is heard. */
import { Client, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { statusQuery, syncSignal } from '../api/messages';
import { volumeOf } from '../model/endpoints';
import { makeRelationshipId } from '../model/names';
import type { AgentNews, Whereabouts } from '../volumes/contract';

const LONGEST_WAIT_MS = 30_000;

interface Place {
  connection: NativeConnection;
  namespace: string;
  /** Whose agent it is. */
  host: string;
}

/** @throws where nobody answers just now */
async function findVolume(workflow: WorkflowHandle, host: string, path: string): Promise<Whereabouts> {
  const { status } = await workflow.describe();
  // It ends by itself when it is deleted, and never else.
  if (status.name === 'COMPLETED') return { is: 'deleted' };
  if (status.name !== 'RUNNING') return { is: 'unheard-of' };
  const { document, operation, fetches } = await workflow.query(statusQuery);
  const volume = [document.spec.source, ...document.spec.targets]
    .filter((endpoint) => endpoint.host === host)
    .map((endpoint) => volumeOf(endpoint))
    .find((each) => each.path === path);
  return volume ? { is: 'named', volume, isIdle: !operation && !fetches } : { is: 'dropped' };
}

/** @param stopped what was not heard by then, the next life of the agent tells */
export function makeNews(
  { connection, namespace, host }: Place,
  log: Logger,
  stopped: AbortSignal,
): AgentNews {
  const client = new Client({ connection, namespace });
  /** @returns what came of it, or undefined where the agent ended before; `missing` where there is no such relationship */
  const until = async <T>(
    relationship: string,
    what: string,
    work: (workflow: WorkflowHandle) => Promise<T>,
    missing: T,
  ): Promise<T | undefined> => {
    const workflow = client.workflow.getHandle(makeRelationshipId(relationship));
    for (let waitMs = 500; !stopped.aborted; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        return await work(workflow);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return missing;
        log.warn({ err: error, relationship }, `${what}, trying again`);
        await sleep(waitMs, undefined, { signal: stopped, ref: false }).catch(() => undefined);
      }
    }
    return undefined;
  };
  return {
    syncIsDue(relationship) {
      // Applied again, it is synced anyway.
      const tell = (workflow: WorkflowHandle) => workflow.signal(syncSignal, {});
      void until(relationship, 'a sync that is due could not be asked for', tell, undefined);
    },
    findVolume: (relationship, path) =>
      until<Whereabouts>(
        relationship,
        'what a relationship has of this host could not be asked',
        (workflow) => findVolume(workflow, host, path),
        { is: 'unheard-of' },
      ),
  };
}
