/**
 * Two agents that speak for one host would each know only its own landings and locks: keys and landings
 * would miss each other, and syncs would fail again and again. Whoever comes second is refused; of two
 * that started at the same moment, one leaves.
 */
import type { NativeConnection } from '@temporalio/worker';
import { temporal } from '@temporalio/proto';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Host } from '../hosts/contract';
import { TidemarkError } from '../model/errors';
import { makeHostQueue } from '../model/names';

/** A worker's long poll comes back within a minute: who was not seen for longer is gone. */
const GONE_AFTER_MS = 75_000;
/** By then, whoever started at the same moment asks for work too. */
const LOOK_AGAIN_AFTER_MS = 20_000;
const LOOK_AGAIN_EVERY_MS = 60_000;

interface Speaker {
  connection: NativeConnection;
  namespace: string;
  host: Host;
}

interface Poller {
  identity: string;
  lastSeenMs: number;
}

const idPath = (home: string) => join(home, 'agent-id');

/** Names a state folder for ever, also among machines on which its path is the same. */
async function ensureId({ files, home }: Host): Promise<string> {
  const known = (await files.read(idPath(home)))?.trim();
  if (known) return known;
  const id = randomUUID();
  await files.write(idPath(home), `${id}\n`);
  return id;
}

/** How an agent calls itself towards Temporal: process, host, state folder and its id. */
export async function makeIdentity(host: Host): Promise<string> {
  return `${process.pid}@${host.name} ${host.home} ${await ensureId(host)}`;
}

function parseIdentity(identity: string): { pid: string; home: string; id: string } | undefined {
  const [, pid, home, id] = /^(\d+)@\S+ (.+) (\S+)$/.exec(identity) ?? [];
  return pid && home && id ? { pid, home, id } : undefined;
}

function isOnThisMachine({ home, id }: { home: string; id: string }): boolean {
  return existsSync(idPath(home)) && readFileSync(idPath(home), 'utf8').trim() === id;
}

/** Whether another poller may be of a living agent: of this machine, its process runs; of another, it was seen lately. */
function speaksStill({ identity, lastSeenMs }: Poller, ownId: string, nowMs: number): boolean {
  const other = parseIdentity(identity);
  // The lock in the state folder has already settled it among agents of one folder.
  if (!other || other.id === ownId) return false;
  if (isOnThisMachine(other)) return existsSync(`/proc/${other.pid}`);
  return nowMs - lastSeenMs < GONE_AFTER_MS;
}

/** The identities of other living agents of this host. */
async function findOthers({ connection, namespace, host }: Speaker): Promise<string[]> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: makeHostQueue(host.name) },
    taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  const ownId = await ensureId(host);
  return pollers
    .map(({ identity, lastAccessTime }) => ({
      identity: identity ?? '',
      lastSeenMs: Number(lastAccessTime?.seconds ?? 0) * 1000,
    }))
    .filter((poller) => speaksStill(poller, ownId, Date.now()))
    .map(({ identity }) => identity);
}

function makeRefusal(host: Host, other: string): TidemarkError {
  return new TidemarkError('VolumeBusy', `another agent serves host ${host.name}: ${other}`, {
    host: host.name,
    hint: 'end that one first; one that was killed on another machine is forgotten after 75 s',
  });
}

/** @throws TidemarkError `VolumeBusy` naming the other. */
export async function refuseSecondAgent(speaker: Speaker, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const [other] = await findOthers(speaker);
  if (other !== undefined) throw makeRefusal(speaker.host, other);
}

/**
 * Looks again and again whether another agent has started at the same moment, unseen. Both find each
 * other, and the one with the greater id leaves.
 * @param leave called at most once, with the error to end with
 */
export function watchForSecondAgent(
  speaker: Speaker,
  log: Logger,
  leave: (refusal: TidemarkError) => void,
): () => void {
  const look = async () => {
    try {
      const ownId = await ensureId(speaker.host);
      const before = (await findOthers(speaker)).find((other) => (parseIdentity(other)?.id ?? '') < ownId);
      if (before !== undefined) return leave(makeRefusal(speaker.host, before));
    } catch (error) {
      log.debug({ err: error }, 'could not look for other agents of this host');
    }
    timer = setTimeout(() => void look(), LOOK_AGAIN_EVERY_MS);
  };
  let timer = setTimeout(() => void look(), LOOK_AGAIN_AFTER_MS);
  return () => clearTimeout(timer);
}
