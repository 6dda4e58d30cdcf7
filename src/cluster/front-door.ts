/** The resources of a cluster as a front door: followed for ever, each looked at when it changes and from time to time. */
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClusterApi, Conflict, type CustomKind } from '../hosts/cluster/contract';
import type { ClusterObject } from '../hosts/cluster/objects';
import { DueQueue } from './due-queue';
import { type Looked, paceAfter, type Run } from './pace';

/** With nothing to be looked at. */
const REST_MS = 20_000;
const SHORTEST_WATCH_MS = 2_000;
/** Looks at resources at the same time. */
const LANES = 8;
/** The kind may be installed later. */
const NO_KIND_MS = 30_000;

/** Objects that are followed, and which resources of the same namespace are to be looked at as one of them is seen. */
export interface Followed {
  kind: CustomKind;
  concerned: (object: ClusterObject) => readonly string[];
}

/** A kind of resource, and what is done about each. */
export interface Served {
  kind: CustomKind;
  /** What is followed for it; left out: the resources themselves. */
  followed?: readonly Followed[];
  /** Undefined: nothing more is to be done, until it changes. @throws where that could not be found out, or done */
  reconcile: (resource: { namespace: string; name: string }) => Promise<Looked | undefined>;
}

/** Two groups may have kinds of one name. */
const nameKind = ({ kind: { kind, apiVersion } }: Served) => `${kind}.${apiVersion.split('/')[0] ?? ''}`;

const keyOf = (served: Served, namespace: string | undefined, name: string) =>
  `${nameKind(served)}/${namespace ?? ''}/${name}`;

const followedOf = ({ kind, followed }: Served): readonly Followed[] =>
  followed ?? [{ kind, concerned: ({ metadata }) => [metadata.name] }];

class FrontDoor {
  private readonly queue = new DueQueue();
  private readonly atWork = new Set<string>();
  /** How those that are served were found. */
  private readonly runs = new Map<string, Run>();
  private wake = new AbortController();

  constructor(
    private readonly served: readonly Served[],
    private readonly log: Logger,
    private readonly signal: AbortSignal,
  ) {}

  /** A resource is there, was changed, or is gone. */
  see(key: string): void {
    this.queue.add(key, Date.now());
    this.wake.abort();
  }

  async run(): Promise<void> {
    while (!this.signal.aborted) {
      const key = this.atWork.size < LANES ? this.queue.take(Date.now(), this.atWork) : undefined;
      if (key === undefined) await this.rest();
      else void this.look(key);
    }
  }

  private async rest(): Promise<void> {
    this.wake = new AbortController();
    const next = this.atWork.size < LANES ? this.queue.next(this.atWork) : undefined;
    const waitMs = next === undefined ? REST_MS : Math.max(0, next - Date.now());
    const signal = AbortSignal.any([this.wake.signal, this.signal]);
    await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
  }

  private async look(key: string): Promise<void> {
    this.atWork.add(key);
    const [kind, namespace = '', name = ''] = key.split('/');
    const served = this.served.find((each) => nameKind(each) === kind);
    let againInMs: number | undefined;
    try {
      againInMs = this.pauseAfter(key, await served?.reconcile({ namespace, name }));
    } catch (error) {
      againInMs = this.pace(key, undefined);
      if (!(error instanceof Conflict))
        this.log.warn({ err: error, resource: key }, 'a resource could not be looked at');
    } finally {
      this.atWork.delete(key);
      if (againInMs !== undefined) this.queue.add(key, Date.now() + againInMs);
      this.wake.abort();
    }
  }

  private pauseAfter(key: string, looked: Looked | undefined): number | undefined {
    if (looked) return this.pace(key, looked);
    this.runs.delete(key);
    return undefined;
  }

  private pace(key: string, looked: Looked | undefined): number {
    const count = Math.max(1, this.runs.size);
    const { run, pauseMs } = paceAfter(this.runs.get(key), looked, { count, nowMs: Date.now() });
    this.runs.set(key, run);
    return pauseMs;
  }
}

/** Follows the resources of a kind; a connection that ends is opened again, from where it had come to. */
async function follow(
  api: ClusterApi,
  kind: CustomKind,
  namespace: string | undefined,
  { see, log, signal }: { see: (object: ClusterObject) => void; log: Logger; signal: AbortSignal },
): Promise<void> {
  let from: string | undefined;
  while (!signal.aborted) {
    const startedAt = Date.now();
    let pauseMs = 0;
    try {
      const watched = {
        ...kind,
        ...(namespace !== undefined && { namespace }),
        ...(from !== undefined && { from }),
      };
      from = await api.watch(watched, see, signal);
      if (Date.now() - startedAt < SHORTEST_WATCH_MS) pauseMs = SHORTEST_WATCH_MS;
    } catch (error) {
      pauseMs = NO_KIND_MS;
      log.warn({ err: error }, `resources of kind ${kind.kind} can not be followed; trying again`);
    }
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Serves the resources of a cluster until it is told to stop. @param namespaces undefined: all of the cluster */
export async function serveResources(
  api: ClusterApi,
  served: readonly Served[],
  namespaces: readonly string[] | undefined,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  const frontDoor = new FrontDoor(served, log, signal);
  const following = served.flatMap((each) =>
    followedOf(each).flatMap(({ kind, concerned }) => {
      const see = (object: ClusterObject) => {
        for (const name of concerned(object)) frontDoor.see(keyOf(each, object.metadata.namespace, name));
      };
      return (namespaces ?? [undefined]).map((namespace) =>
        follow(api, kind, namespace, { see, log, signal }),
      );
    }),
  );
  await Promise.all([frontDoor.run(), ...following]);
}
