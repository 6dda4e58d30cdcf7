/** A cluster of the tests' own, and an agent that speaks for it: what tests of claims work with. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCluster } from '../../../src/hosts/cluster';
import type { Cluster as AgentCluster, MoverSettings } from '../../../src/hosts/cluster/contract';
import type { ClusterObject, PersistentVolumeClaim } from '../../../src/hosts/cluster/objects';
import type { Host } from '../../../src/hosts/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import type { Volume } from '../../../src/model/records';
import type { VolumeDriver } from '../../../src/volumes/contract';
import { pvc } from '../../../src/volumes/pvc';
import type { KubeObject } from '../../cluster/api-server';
import { Cluster } from '../../cluster/cluster';
import { MOVER_IMAGE } from '../../cluster/images';
import { type ClaimOptions, makeClaim, makePod } from '../../cluster/objects';
import { waitFor } from '../wait-for';

/** What users call the cluster. */
const HOST = 'alpha';
/** Where tests put claims; movers may be root in it. */
export const NAMESPACE = 'shop';

const SETTINGS: MoverSettings = {
  image: MOVER_IMAGE,
  expose: 'PodIP',
  limitMs: 60_000,
  template: { imagePullPolicy: 'Never' },
};

const MANAGED = 'labelSelector=app.kubernetes.io/managed-by%3Dtidemark';
/** Collections of all that a driver makes. */
const MADE = [
  '/api/v1/persistentvolumeclaims',
  '/api/v1/pods',
  '/api/v1/services',
  '/apis/batch/v1/jobs',
  '/apis/snapshot.storage.k8s.io/v1/volumesnapshots',
];

/** An agent's driver, and the host that it is on. */
export interface Agent {
  host: Host;
  driver: VolumeDriver;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

type Items<T> = { items: T[] };

export class ClaimRig {
  private readonly homes: string[] = [];
  private readonly agents: Agent[] = [];
  private count = 0;

  private constructor(readonly cluster: Cluster) {}

  static async start(): Promise<ClaimRig> {
    const rig = new ClaimRig(await Cluster.start());
    await rig.makeNamespace(NAMESPACE, { annotations: { 'tidemark.dev/privileged-movers': 'true' } });
    return rig;
  }

  async dispose(): Promise<void> {
    for (const { stop } of this.agents) await stop().catch(() => undefined);
    await this.cluster.down();
    for (const home of this.homes) await rm(home, { recursive: true, force: true });
  }

  /** The cluster as an agent has it. @param settings what is not as in other tests */
  async connect(settings: Partial<MoverSettings> = {}, namespaces?: string[]): Promise<AgentCluster> {
    return await openCluster({
      ...{ name: HOST, kubeconfig: this.cluster.kubeconfig, settings: { ...SETTINGS, ...settings } },
      ...(namespaces && { namespaces }),
    });
  }

  /** An agent with a home of its own, unless it is to have another's. */
  async makeAgent(
    settings: Partial<MoverSettings> = {},
    { namespaces, home }: { namespaces?: string[]; home?: string } = {},
  ): Promise<Agent> {
    const at = home ?? (await mkdtemp(join(tmpdir(), 'tidemark-home-')));
    this.homes.push(at);
    const host = {
      ...makeLocalHost({ name: HOST, home: at }),
      cluster: await this.connect(settings, namespaces),
    };
    const { driver, start, stop } = pvc(host) ?? {};
    if (!driver || !start || !stop) throw new Error('an agent of a cluster has a driver of claims');
    const agent = {
      host,
      driver,
      start: () => start({ syncIsDue: () => undefined, findVolume: () => Promise.resolve(undefined) }),
      stop,
    };
    this.agents.push(agent);
    return agent;
  }

  /** Pods can be made in it when this returns. */
  async makeNamespace(name: string, metadata: object = {}): Promise<void> {
    await this.cluster.api.apply('/api/v1/namespaces', {
      ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } },
    });
    const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    await waitFor(async () => (await this.cluster.api.get(account)) !== undefined, `namespace ${name}`);
  }

  /** A claim of a name that no other has, bound where its class binds at once. */
  async makeVolume({
    name = `claim-${++this.count}`,
    ...options
  }: ClaimOptions & { name?: string } = {}): Promise<Volume> {
    const { namespace = NAMESPACE, storageClass } = options;
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    await this.cluster.api.apply(claims, makeClaim(name, { namespace, ...options }) as KubeObject);
    if (storageClass !== 'wait') {
      const isBound = async () =>
        (await this.cluster.api.get<{ status?: { phase?: string } }>(`${claims}/${name}`))?.status?.phase ===
        'Bound';
      await waitFor(isBound, `the volume of ${namespace}/${name}`);
    }
    return { kind: 'pvc', path: `${namespace}/${name}` };
  }

  /** A pod that uses a claim of the same namespace, which it has at `/NAME`. It runs when this returns. */
  async usePod(name: string, { path }: Volume): Promise<void> {
    const [namespace = '', claim = ''] = path.split('/');
    await this.cluster.apply(makePod(name, { namespace, files: [claim] }));
    await this.cluster.waitFor('condition=Ready', [`pod/${name}`], namespace);
  }

  /** Removes objects, and waits until they are gone. @param objects like `pod/a` */
  async remove(...objects: string[]): Promise<void> {
    await this.cluster.kubectl(['delete', '-n', NAMESPACE, ...objects]);
  }

  /** A claim as the API has it. */
  async readClaim({ path }: Volume): Promise<PersistentVolumeClaim | undefined> {
    const [namespace, name] = path.split('/');
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    return await this.cluster.api.get<PersistentVolumeClaim>(`${claims}/${name}`);
  }

  /** A Deployment whose pods all use one claim. */
  makeDeployment(name: string, { path }: Volume, replicas: number): object {
    const [namespace = '', claim = ''] = path.split('/');
    const { metadata, spec } = makePod(name, { namespace, files: [claim] }) as {
      metadata: { labels: object };
      spec: object;
    };
    const { labels } = metadata;
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    };
  }

  /** How many objects there are of each kind that a driver makes, or that the cluster makes for it. */
  async countObjects(): Promise<Record<string, number>> {
    const paths = [
      ...MADE,
      '/api/v1/persistentvolumes',
      '/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents',
    ];
    const counts = paths.map(async (path) => {
      const found = await this.cluster.api.get<Items<unknown>>(path);
      return [path, found?.items.length ?? 0] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  }

  /** All that bears the label of Tidemark, as `Kind namespace/name`; without what is about to go. */
  async listMade(): Promise<string[]> {
    const found = await Promise.all(
      MADE.map(
        async (path) =>
          await this.cluster.api.get<Items<ClusterObject> & { kind: string }>(`${path}?${MANAGED}`),
      ),
    );
    return found.flatMap((list) =>
      (list?.items ?? [])
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(
          ({ metadata }) =>
            `${list?.kind.replace(/List$/, '') ?? ''} ${metadata.namespace ?? ''}/${metadata.name}`,
        ),
    );
  }

  /** What is still there of all that, once the cluster had its time: it removes a Job's pods moments after the Job. */
  async listLeft(): Promise<string[]> {
    await this.settle();
    for (let tries = 0; tries < 100 && (await this.listMade()).length > 0; tries++) await sleep(100);
    await this.settle();
    return await this.listMade();
  }

  /** Waits until the cluster has removed all that was deleted, down to the volumes and snapshots. */
  async settle(): Promise<void> {
    await waitFor(async () => (await this.listGoing()).length === 0, 'the end of what was deleted');
  }

  private async listGoing(): Promise<string[]> {
    const claims = await Promise.all(
      MADE.map(async (path) => (await this.cluster.api.get<Items<ClusterObject>>(path))?.items ?? []),
    );
    const volumes =
      await this.cluster.api.get<Items<{ metadata: { name: string }; status?: { phase?: string } }>>(
        '/api/v1/persistentvolumes',
      );
    return [
      ...claims.flat().filter(({ metadata }) => metadata.deletionTimestamp !== undefined),
      ...(volumes?.items ?? []).filter(({ status }) => status?.phase === 'Released'),
    ].map(({ metadata }) => metadata.name);
  }
}
