/**
 * The pods through which claims are reached: brought up when somebody needs one, kept for a moment for whoever comes
 * next, and removed. What an agent left that was killed is found by its labels.
 */
import { TidemarkError } from '../../model/errors';
import type { Cluster, PodRunner } from '../../hosts/cluster/contract';
import { DOOR_LABEL } from '../../hosts/cluster/door-service';
import type { Job, Pod } from '../../hosts/cluster/objects';
import { ANNOTATIONS, endFreshly, freshName, LABELS, labelsOf, labelValue, shortHash } from './names';
import { findStyle } from './find-style';
import { allowsRoot, explainPrivileged } from './examine';
import { findNamespace, type Place, referTo } from './place';
import { isOver, listJobs, listPodsOf, referToJob, removeJob, untilEnded } from './own-jobs';
import { judgePod } from './pod-state';
import { ALIVE, CONTAINER, makeMoverJob, type MoverPod, SCRATCH } from './pod-spec';
import type { Style } from './style';
import { waitFor } from './waiting';

/** A pod that nobody needs any more is kept so long: the next step of a sync follows at once. */
const LINGER_MS = 8_000;
const TOUCH_EVERY_MS = 60_000;

/** Of a pod that mounts none. */
const NO_CLAIM = '';

/** What is to be reached, and how. */
export interface PodRequest {
  place: Place;
  /** The claim that is mounted: the volume's own, or a copy of it. Left out: none, for what only needs a place to run. */
  claimName?: string;
  /** A second claim, to read from. */
  from?: string;
  mode: 'Filesystem' | 'Block';
  readOnly: boolean;
  nodeName?: string;
  relationship?: string;
  signal?: AbortSignal;
}

/** A pod that runs. */
export interface OpenPod {
  job: Job;
  pod: Pod;
  runner: PodRunner;
  labels: Record<string, string>;
}

interface Entry {
  key: string;
  namespace: string;
  claimName: string;
  uses: number;
  open: Promise<OpenPod>;
  linger?: NodeJS.Timeout;
}

const ofClusters = new WeakMap<Cluster, MoverPods>();

/** The pods of an agent's cluster: all kinds of volume have them in common. */
export function podsOf(cluster: Cluster): MoverPods {
  const pods = ofClusters.get(cluster) ?? new MoverPods(cluster);
  ofClusters.set(cluster, pods);
  return pods;
}

export class MoverPods {
  private readonly entries = new Map<string, Entry>();
  /** Names of the Jobs that this process has made: whatever else bears our labels, a former life of this agent has left. */
  private readonly own = new Set<string>();
  private readonly touching: NodeJS.Timeout;

  constructor(private readonly cluster: Cluster) {
    this.touching = setInterval(() => void this.touchAll(), TOUCH_EVERY_MS);
    this.touching.unref();
  }

  /** A pod that has the claim mounted; to be given back once. */
  async use(request: PodRequest): Promise<{ open: OpenPod; giveBack: () => void }> {
    const { place, claimName = NO_CLAIM, from, mode, readOnly } = request;
    const { runAs } = place.volume.options ?? {};
    const door = doorTo(request);
    const key = JSON.stringify([place.namespace, claimName, from, mode, readOnly, runAs, door]);
    const entry = (await this.findLive(key)) ?? this.entries.get(key) ?? this.start(key, request);
    clearTimeout(entry.linger);
    entry.uses++;
    try {
      const open = await entry.open;
      let isBack = false;
      const giveBack = () => {
        if (isBack) return;
        isBack = true;
        this.release(entry);
      };
      return { open, giveBack };
    } catch (error) {
      if (this.entries.get(key) === entry) this.entries.delete(key);
      throw error;
    }
  }

  /** No pod of ours has this claim any more, whoever started it. Waits until it has ended. */
  async drop(namespace: string, claimName: string): Promise<void> {
    const jobs = await this.end(namespace, claimName);
    for (const job of jobs) await untilEnded(this.cluster, job);
  }

  /** The same without waiting, which takes 2 s: for what needs no other pod with this claim at once. */
  async end(namespace: string, claimName: string): Promise<Job[]> {
    for (const entry of this.entries.values()) {
      if (entry.namespace === namespace && entry.claimName === claimName) this.forget(entry);
    }
    return await this.removeAll({ namespace, claimName }, () => true);
  }

  /** Removes what a former life of this agent has left running with a claim; without one, wherever it may look. */
  async sweep(at: { namespace?: string; claimName?: string } = {}): Promise<void> {
    const jobs = await this.removeAll(at, ({ metadata }) => !this.own.has(metadata.name));
    for (const job of jobs) await untilEnded(this.cluster, job);
  }

  /** The agent ends: nothing is kept for whoever may come next. */
  async close(): Promise<void> {
    clearInterval(this.touching);
    ofClusters.delete(this.cluster);
    const opened = await Promise.allSettled([...this.entries.values()].map((entry) => entry.open));
    for (const entry of this.entries.values()) this.forget(entry);
    for (const each of opened) {
      if (each.status === 'fulfilled') await this.removeJob(each.value.job);
    }
  }

  /** The one that is kept, unless it was evicted, killed, or went with its node. */
  private async findLive(key: string): Promise<Entry | undefined> {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    // Whoever asks meanwhile is not to be told that it may go.
    entry.uses++;
    try {
      const { pod, job } = await entry.open;
      const { namespace = '', name, uid } = pod.metadata;
      const now = await this.cluster.api.read<Pod>(referTo('Pod', namespace, name));
      if (now && now.metadata.uid === uid && 'done' in judgePod(now)) return entry;
      this.forget(entry);
      await this.removeJob(job);
      return this.entries.get(key);
    } catch (error) {
      this.forget(entry);
      throw error;
    } finally {
      entry.uses--;
    }
  }

  private start(key: string, request: PodRequest): Entry {
    const { place, claimName = NO_CLAIM } = request;
    const entry: Entry = {
      ...{ key, namespace: place.namespace, claimName, uses: 0 },
      open: this.bringUp(request),
    };
    entry.open.catch(() => undefined);
    this.entries.set(key, entry);
    return entry;
  }

  private release(entry: Entry): void {
    entry.uses--;
    if (entry.uses > 0) return;
    entry.linger = setTimeout(() => {
      if (entry.uses > 0 || this.entries.get(entry.key) !== entry) return;
      this.forget(entry);
      void entry.open.then(({ job }) => this.removeJob(job)).catch(() => undefined);
    }, LINGER_MS);
    // The agent may end before; it removes what is open itself.
    entry.linger.unref();
  }

  private forget(entry: Entry): void {
    clearTimeout(entry.linger);
    if (this.entries.get(entry.key) === entry) this.entries.delete(entry.key);
    void entry.open.then(({ runner }) => runner.close()).catch(() => undefined);
  }

  private async bringUp(request: PodRequest): Promise<OpenPod> {
    const { place, claimName = NO_CLAIM, from, nodeName, relationship, signal } = request;
    const { cluster, namespace, volume } = place;
    const style = await findStyle(place);
    await this.checkRights(place, style);
    const door = doorTo(request);
    // A volume that one pod alone may use is not to be kept from us by one of our own.
    await this.sweep({ namespace, claimName });
    const { runAs } = volume.options ?? {};
    const labels = {
      ...labelsOf({
        ...{ agent: cluster.name, role: 'mover', volume: volume.path },
        ...(relationship !== undefined && { relationship }),
      }),
      ...claimLabel(claimName),
      ...(door !== undefined && { [DOOR_LABEL]: door }),
    };
    const spec: MoverPod = {
      name: style ? await this.nameLike(style, namespace) : freshName('mover', volume.path, claimName),
      ...{ namespace, labels, mode: request.mode, readOnly: request.readOnly },
      ...(claimName !== NO_CLAIM && { claimName }),
      annotations: { [ANNOTATIONS.madeOf]: volume.path },
      ...(from !== undefined && { from }),
      ...(runAs !== undefined && { runAs }),
      ...(nodeName !== undefined && { nodeName }),
      ...(style && { style }),
    };
    this.own.add(spec.name);
    const job = await cluster.api.create<Job>(makeMoverJob(spec, cluster.settings));
    try {
      const pod = await this.waitUntilUp(place, job, claimName, signal);
      const { name } = pod.metadata;
      const runner = cluster.runnerIn({ namespace, pod: name, container: CONTAINER, scratch: SCRATCH });
      return { job, pod, runner, labels };
    } catch (error) {
      await this.removeJob(job).catch(() => undefined);
      throw error;
    }
  }

  /** The name that people know; with an end of its own while another pod has it. */
  private async nameLike({ job }: Style, namespace: string): Promise<string> {
    const isTaken =
      this.own.has(job) || (await this.cluster.api.read<Job>(referToJob(namespace, job))) !== undefined;
    return isTaken ? endFreshly(job) : job;
  }

  /** Root in a pod is for the namespace to allow. @throws TidemarkError `InvalidSpec` */
  private async checkRights(place: Place, style: Style | undefined): Promise<void> {
    const { namespace, volume } = place;
    if (volume.options?.runAs !== undefined || style?.mayBeRoot === true) return;
    const found = await findNamespace(place);
    if (found && allowsRoot(found)) return;
    const { message, hint } = explainPrivileged(namespace);
    const about = { host: this.cluster.name, volume: volume.path, hint };
    throw new TidemarkError('InvalidSpec', message, about);
  }

  private async waitUntilUp(
    { cluster, namespace, volume }: Place,
    job: Job,
    claimName: string,
    signal: AbortSignal | undefined,
  ): Promise<Pod> {
    // Of its pod, once it has one.
    const about = [
      referToJob(namespace, job.metadata.name),
      ...(claimName === NO_CLAIM ? [] : [referTo('PersistentVolumeClaim', namespace, claimName)]),
    ];
    return await waitFor<Pod>(
      {
        ...{ cluster, namespace, volume: volume.path, about },
        what:
          claimName === NO_CLAIM ? `a pod in namespace ${namespace}` : `a pod for ${namespace}/${claimName}`,
        hint: `look at it: kubectl get events --namespace ${namespace}`,
        ...(signal && { signal }),
      },
      async () => {
        const [pod] = await listPodsOf(cluster, job);
        // One that was deleted by force is not there any more; its Job knows.
        if (!pod) return (await isOver(cluster, job)) ? { lost: 'the pod is gone' } : { pending: [] };
        about[0] = referTo('Pod', namespace, pod.metadata.name);
        return judgePod(pod);
      },
    );
  }

  private async removeAll(
    { namespace, claimName }: { namespace?: string; claimName?: string },
    isMeant: (job: Job) => boolean,
  ): Promise<Job[]> {
    const labels = {
      ...labelsOf({ agent: this.cluster.name, role: 'mover' }),
      ...(claimName !== undefined && claimLabel(claimName)),
    };
    const jobs = (await listJobs(this.cluster, labels, namespace)).filter(isMeant);
    for (const job of jobs) await this.removeJob(job);
    return jobs;
  }

  private async removeJob(job: Job): Promise<void> {
    await removeJob(this.cluster, job);
    this.own.delete(job.metadata.name);
  }

  private async touchAll(): Promise<void> {
    const opened = await Promise.allSettled([...this.entries.values()].map((entry) => entry.open));
    const touches = opened.map(async (each) => {
      if (each.status === 'fulfilled') await each.value.runner.run(['touch', ALIVE], { timeoutMs: 30_000 });
    });
    await Promise.allSettled(touches);
  }
}

/** The Service that leads to it: to a pod that writes to the live volume, and to no other. */
const doorTo = ({ place, claimName, readOnly }: PodRequest): string | undefined =>
  claimName === place.name && !readOnly ? place.volume.door : undefined;

/** Names of claims are longer than a label may be. */
const claimLabel = (claimName: string) => ({ [`${LABELS.volume}-claim`]: labelValue(shortHash(claimName)) });
