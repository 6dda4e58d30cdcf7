import { temporal } from '@temporalio/proto';
import type { WorkflowService } from '@temporalio/client';
import type { HostSeen } from '../api/host-seen';
import type { AgentEntry } from '../catalog/contract';
import { TidemarkError } from '../model/errors';
import { makeHostQueue } from '../model/names';
import type { FleetSource } from './fleet/fleet';

/** A worker's long poll comes back within a minute: an agent that was not seen for longer is gone. */
const GONE_AFTER_MS = 75_000;
const CACHE_MS = 5000;
const QUERIES_AT_ONCE = 8;

/** Who knows which agents are there. */
export interface HostsSource {
  /** Sorted by name. @throws TidemarkError `HostUnreachable` where Temporal does not answer. */
  hosts(): Promise<HostSeen[]>;
}

export interface HostsSourceOptions {
  /** `connection.workflowService` of a client or worker. */
  workflowService: Pick<WorkflowService, 'describeTaskQueue'>;
  namespace: string;
  /** Which hosts relationships name; {@link hostsOfFleet}. */
  hostNames: () => Promise<string[]>;
  /** What agents have told of themselves. */
  agents: () => Promise<AgentEntry[]>;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** The hosts that live relationships name, each once. */
export function hostsOfFleet(fleet: FleetSource): () => Promise<string[]> {
  return async () => {
    const { states } = await fleet.now();
    const names = new Set<string>();
    for (const { status } of states.values()) {
      const { source, targets } = status.document.spec;
      for (const { host } of [source, ...targets]) names.add(host);
    }
    return [...names];
  };
}

/** Asks Temporal who polls each host's queue; answers are good for 5 s, and asked for once by callers at one time. */
export function makeHostsSource(options: HostsSourceOptions): HostsSource {
  const now = options.now ?? Date.now;
  let cached: { at: number; answer: Promise<HostSeen[]> } | undefined;
  return {
    hosts() {
      if (cached && now() - cached.at < CACHE_MS) return cached.answer;
      const answer = askAll(options, now);
      const mine = { at: now(), answer };
      cached = mine;
      answer.catch(() => {
        if (cached === mine) cached = undefined;
      });
      return answer;
    },
  };
}

/** As much as Temporal knows. */
type Polled = Omit<HostSeen, 'named' | 'labels' | 'toldAt'>;

async function askAll(options: HostsSourceOptions, now: () => number): Promise<HostSeen[]> {
  const [named, agents] = await Promise.all([options.hostNames(), options.agents()]);
  // Whoever was forgotten is shown for as long as somebody names it.
  const told = agents.filter(({ labels }) => labels !== null).map(({ host }) => host);
  const names = [...new Set([...named, ...told])].toSorted();
  const isNamed = new Set(named);
  const hosts: HostSeen[] = [];
  for (let first = 0; first < names.length; first += QUERIES_AT_ONCE) {
    const some = names.slice(first, first + QUERIES_AT_ONCE);
    const asked = await Promise.all(some.map((name) => askOne(options, name, now())));
    hosts.push(
      ...asked.map((host): HostSeen => {
        const agent = agents.find((each) => each.host === host.name);
        const isTold = agent?.labels != null;
        return {
          ...host,
          named: isNamed.has(host.name),
          labels: agent?.labels ?? null,
          toldAt: isTold ? agent.toldAt : null,
        };
      }),
    );
  }
  return hosts;
}

async function askOne(
  { workflowService, namespace }: HostsSourceOptions,
  name: string,
  now: number,
): Promise<Polled> {
  const { pollers } = await workflowService
    .describeTaskQueue({
      namespace,
      taskQueue: { name: makeHostQueue(name) },
      taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    })
    .catch((error: unknown) => {
      throw new TidemarkError('HostUnreachable', 'Temporal does not say which agents are there', {
        toolMessage: error instanceof Error ? error.message : String(error),
        hint: 'check that Temporal runs and that TEMPORAL_ADDRESS is right',
      });
    });
  return readPollers(name, pollers, now);
}

function readPollers(
  name: string,
  pollers: readonly temporal.api.taskqueue.v1.IPollerInfo[],
  now: number,
): Polled {
  const times = pollers.map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    at: Number(lastAccessTime?.seconds ?? 0) * 1000 + (lastAccessTime?.nanos ?? 0) / 1e6,
  }));
  const there = times.filter(({ at }) => now - at < GONE_AFTER_MS);
  const lastSeen = Math.max(0, ...times.map(({ at }) => at));
  return {
    name,
    seen: there.length > 0,
    ...(lastSeen > 0 && { lastSeenAt: new Date(lastSeen).toISOString() }),
    identities: [...new Set(there.map(({ identity }) => identity))].toSorted(),
  };
}
