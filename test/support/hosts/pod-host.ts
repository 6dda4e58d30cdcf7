/** Pods of a test's cluster in which programs run, and their processes as this machine sees them. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Api, KubeConfig, V1Container, V1PodSpec } from '@kubernetes/client-node';
import type { PodRunner } from '../../../src/hosts/cluster/contract';
import { makePodRunner } from '../../../src/hosts/pod';
import { loadKubernetes } from '../../../src/hosts/pod/client';
import type { KubeAccess } from '../../../src/hosts/pod/exec';
import type { Cluster } from '../../cluster/cluster';
import { MOVER_IMAGE } from '../../cluster/images';
import { waitFor } from '../wait-for';

/** More than any process has: nobody is found by it. */
const NO_PID = 2 ** 31 - 1;
const CONTAINER = 'tools';

export interface PodOptions {
  namespace?: string;
  container?: Partial<V1Container>;
  spec?: Partial<V1PodSpec>;
}

/** The administrator's of a cluster. */
export async function loadKubeConfig(cluster: Cluster): Promise<KubeConfig> {
  const { KubeConfig } = await loadKubernetes();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(cluster.kubeconfig);
  return kubeConfig;
}

/** A pod that runs until it is removed, with the tools that hosts need. */
export class TestPod {
  private constructor(
    readonly kubeConfig: KubeConfig,
    readonly core: CoreV1Api,
    readonly namespace: string,
    readonly name: string,
    readonly address: string,
    /** The first process of its container, as this machine has it. */
    readonly pid: number,
  ) {}

  static async start(kubeConfig: KubeConfig, options: PodOptions = {}): Promise<TestPod> {
    const { CoreV1Api } = await loadKubernetes();
    const core = kubeConfig.makeApiClient(CoreV1Api);
    const { namespace = 'default' } = options;
    const made = await core.createNamespacedPod({
      namespace,
      body: {
        metadata: { generateName: 'tools-' },
        spec: {
          terminationGracePeriodSeconds: 0,
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          containers: [
            {
              name: CONTAINER,
              image: MOVER_IMAGE,
              // Reaps what is left to it, as the first process of a container has to.
              command: ['sh', '-c', 'trap exit TERM; while :; do sleep 3600 & wait $!; done'],
              ...options.container,
            },
          ],
          ...options.spec,
        },
      },
    });
    const name = made.metadata?.name ?? '';
    let pod = made;
    await waitFor(async () => {
      pod = await core.readNamespacedPod({ namespace, name });
      return pod.status?.containerStatuses?.[0]?.state?.running !== undefined;
    }, `the start of pod ${name}`);
    const id = pod.status?.containerStatuses?.[0]?.containerID?.replace(/^.*:\/\//, '') ?? '';
    const pid = await findFirst(id);
    return new TestPod(kubeConfig, core, namespace, name, pod.status?.podIP ?? '', pid);
  }

  /** How programs run in it. */
  get place() {
    return { namespace: this.namespace, pod: this.name, container: CONTAINER };
  }

  runner(name: string, scratch = '/tmp', kubeConfig: KubeAccess = this.kubeConfig): PodRunner {
    return makePodRunner({ name, kubeConfig, ...this.place, scratch });
  }

  /** The number that a process of its container has on this machine; one that nobody has where there is none. */
  async pidHere(pid: number): Promise<number> {
    const namespace = await readlink(`/proc/${this.pid}/ns/pid`);
    for (const name of await listPids()) {
      const of = await readlink(`/proc/${name}/ns/pid`).catch(() => '');
      const status = of === namespace ? await readFile(`/proc/${name}/status`, 'utf8').catch(() => '') : '';
      if (/^NSpid:.*\t(\d+)$/m.exec(status)?.[1] === String(pid)) return Number(name);
    }
    return NO_PID;
  }

  async remove(): Promise<void> {
    await this.core.deleteNamespacedPod({
      namespace: this.namespace,
      name: this.name,
      gracePeriodSeconds: 0,
    });
  }
}

const listPids = async () => (await readdir('/proc')).filter((name) => /^\d+$/.test(name));

/** The first process of a container: the oldest in its group of the kernel's. */
async function findFirst(containerId: string): Promise<number> {
  for (let tries = 0; tries < 50; tries++, await sleep(100)) {
    for (const name of await listPids()) {
      const groups = await readFile(`/proc/${name}/cgroup`, 'utf8').catch(() => '');
      const status = groups.includes(containerId)
        ? await readFile(`/proc/${name}/status`, 'utf8').catch(() => '')
        : '';
      if (/^NSpid:.*\t1$/m.test(status)) return Number(name);
    }
  }
  throw new Error(`no process of container ${containerId} is seen`);
}
