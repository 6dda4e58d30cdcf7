import { mkdir } from 'node:fs/promises';
import type { PodRunner } from '../../../src/hosts/cluster/contract';
import { Cluster } from '../../cluster/cluster';
import { loadKubeConfig, TestPod } from '../../support/hosts/pod-host';
import { describeHost } from '../../conformance/host-suite';

let cluster: Cluster;
let pod: TestPod;
let runner: PodRunner;

describeHost({
  title: 'a pod of a cluster',
  missing: 'use an image that has it (in Debian: package attr)',
  async base() {
    cluster = await Cluster.start();
    const base = cluster.file('shared');
    await mkdir(base, { recursive: true });
    return base;
  },
  async make(folder) {
    const path = cluster.file('shared');
    pod = await TestPod.start(await loadKubeConfig(cluster), {
      container: { volumeMounts: [{ name: 'shared', mountPath: path }] },
      spec: { volumes: [{ name: 'shared', hostPath: { path, type: 'Directory' } }] },
    });
    return (runner = pod.runner('alpha', folder));
  },
  pidHere: (pid) => pod.pidHere(pid),
  where: () => ({ kind: 'pod', kubeconfig: cluster.kubeconfig, ...pod.place }),
  async afterAll() {
    runner.close();
    await cluster.down();
  },
});
