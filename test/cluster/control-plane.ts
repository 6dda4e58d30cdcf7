/** What a cluster has once, on its first machine: etcd, the API server, controllers, snapshots. */
import { existsSync } from 'node:fs';
import type { ApiServer } from './api-server';
import { waitUntil } from './wait-until';
import type { Machine } from './machine';
import { controlParts, CSI_SOCKET, type ControlFiles, type ControlPart } from './parts';
import { defineStorage, DRIVER, PLAIN_DRIVER } from './storage';

interface NodeObject {
  status?: { conditions?: { type: string; status: string; lastHeartbeatTime: string }[] };
}
interface CsiNode {
  spec: { drivers?: { name: string }[] | null };
}

export class ControlPlane {
  /** @param api asked for anew each time: connections do not outlive a power cut */
  constructor(
    private readonly machine: Machine,
    private readonly files: ControlFiles,
    private readonly api: () => ApiServer,
  ) {}

  async start(part: ControlPart): Promise<void> {
    await this.machine.start(part, controlParts(this.files)[part]);
  }

  /** Starts what everything else talks to; `waitForApi` waits until it answers. */
  async startApi(): Promise<void> {
    await Promise.all([this.start('etcd'), this.start('apiserver')]);
  }

  /** Starts the others. */
  async startControllers(): Promise<void> {
    await Promise.all([this.start('controller-manager'), this.start('scheduler'), this.startSnapshots()]);
  }

  /** Snapshots need their definitions, and the driver. */
  private async startSnapshots(): Promise<void> {
    await defineStorage(this.api(), this.files.nodes);
    const why = () => `the driver of volumes did not start: ${this.machine.log('csi')}`;
    await Promise.all([
      this.start('snapshot-controller'),
      waitUntil(() => existsSync(this.machine.path(CSI_SOCKET)), { why }).then(() =>
        this.start('csi-snapshotter'),
      ),
    ]);
  }

  async waitForApi(): Promise<void> {
    const logs = () => ['apiserver', 'etcd'].map((part) => this.machine.log(part)).join('\n');
    const why = () => `the API server did not become ready: ${logs()}`;
    await waitUntil(() => this.api().isReady(), { why });
  }

  /** Pods can be made in a namespace once it has its service account. */
  async waitForNamespace(): Promise<void> {
    const path = '/api/v1/namespaces/default/serviceaccounts/default';
    const why = () => `the controllers did not start: ${this.machine.log('controller-manager')}`;
    await waitUntil(async () => (await this.api().get(path)) !== undefined, { why });
  }

  /** Waits until a node is ready, with both drivers. */
  async waitForNode(machine: Machine): Promise<void> {
    const why = () =>
      `${machine.name} did not become ready: ${machine.log('kubelet')}\n${machine.log('csi')}`;
    await waitUntil(() => this.isNodeReady(machine), { why });
  }

  private async isNodeReady({ name, bootedAt }: Machine): Promise<boolean> {
    const node = await this.api().get<NodeObject>(`/api/v1/nodes/${name}`);
    const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
    // After a power cut it is said to be ready for a while, because it was. Times there are whole seconds.
    const since = Math.floor(bootedAt / 1000) * 1000;
    if (ready?.status !== 'True' || Date.parse(ready.lastHeartbeatTime) < since) return false;
    const csiNode = await this.api().get<CsiNode>(`/apis/storage.k8s.io/v1/csinodes/${name}`);
    const drivers = (csiNode?.spec.drivers ?? []).map((driver) => driver.name);
    return [DRIVER, PLAIN_DRIVER].every((driver) => drivers.includes(driver));
  }
}
