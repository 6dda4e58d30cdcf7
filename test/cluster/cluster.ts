/**
 * A Kubernetes of the tests' own on this machine: API server, controllers, scheduler, kubelets, containerd, storage
 * with snapshots. Everything of it is real but the machines, which are namespaces. Needs root.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiServer, waitUntil } from './api-server';
import { Certificates } from './certificates';
import type { Faults } from './csi/faults';
import { removeCgroup, removeVolumeLoops } from './left-overs';
import { Machine } from './machine';
import { connectFirst, connectFurther, MOST_NODES, Network } from './network';
import { cgroupOf, Node } from './node';
import { controlParts, CSI_SOCKET, type ControlPart, type NodePart, type Part } from './parts';
import { CLUSTERS, kubernetesFolder } from './paths';
import { run } from './run';
import { claimRecord, folderOf, isOrphaned, listRecords, type ClusterRecord } from './state';
import { defineStorage, DRIVER, PLAIN_DRIVER } from './storage';

export interface ClusterOptions {
  /** By default one that no other has. */
  name?: string;
  /** 1 by default, 4 at most. */
  nodes?: number;
  /** It outlives this process. By default it ends with it, however that ends. */
  isLasting?: boolean;
}

interface NodeObject {
  status?: { conditions?: { type: string; status: string; lastHeartbeatTime: string }[] };
}
interface CsiNode {
  spec: { drivers?: { name: string }[] | null };
}
/** Apparent: the file grows with what is written. */
const POOL_BYTES = 64 * 2 ** 30;

let made = 0;

export class Cluster {
  readonly network: Network;
  readonly machines: readonly Machine[];
  readonly nodes: readonly Node[];
  private readonly certificates: Certificates;
  private client: ApiServer | undefined;

  private constructor(readonly record: ClusterRecord) {
    this.network = new Network(record.index);
    this.certificates = new Certificates(this.file('pki'));
    const numbers = Array.from({ length: record.nodes }, (_, index) => index + 1);
    this.machines = numbers.map((number) => new Machine(number, this.file(`node-${number}`)));
    const around = {
      network: this.network,
      certificates: this.certificates,
      server: this.server,
      kubeconfig: this.kubeconfig,
      pool: join(this.pool, record.token),
      faults: this.file('faults.json'),
    };
    this.nodes = this.machines.map((machine) => new Node(machine, around));
  }

  /**
   * Makes a cluster and switches it on. 8 s, and 640 MB of memory. Where tests were killed before, what they left is
   * taken down first.
   */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { name = `test-${process.pid}-${++made}`, nodes = 1, isLasting = false } = options;
    if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name))
      throw new Error(`${name} is no name of a cluster: take small letters, digits and hyphens, 32 at most`);
    if (!Number.isInteger(nodes) || nodes < 1 || nodes > MOST_NODES)
      throw new Error(`a cluster has 1 to ${MOST_NODES} nodes, not ${nodes}`);
    kubernetesFolder();
    await Cluster.removeOrphans();
    const cluster = new Cluster(await claimRecord(name, nodes, !isLasting));
    try {
      await cluster.powerOn();
    } catch (error) {
      await cluster.down();
      throw error;
    }
    return cluster;
  }

  /** All clusters that were not taken down, whether they run or not. */
  static async list(): Promise<Cluster[]> {
    return (await listRecords()).map((record) => new Cluster(record));
  }

  /** Takes down those whose process has ended without doing so. */
  static async removeOrphans(): Promise<void> {
    for (const cluster of await Cluster.list()) if (isOrphaned(cluster.record)) await cluster.down();
  }

  get name(): string {
    return this.record.name;
  }

  /** URL of the API server, from this machine and from every node. */
  get server(): string {
    return `https://${this.network.node(1)}:6443`;
  }

  /** Path of an administrator's kubeconfig. */
  get kubeconfig(): string {
    return this.file('kubeconfig');
  }

  get isOn(): boolean {
    return this.machine(1).isOn;
  }

  /** Requests without a client library. */
  get api(): ApiServer {
    return (this.client ??= new ApiServer(this.server, this.certificates));
  }

  /** Its folder, or a path in it. */
  file(...names: string[]): string {
    return join(folderOf(this.record.index), ...names);
  }

  /** @param number from 1 */
  machine(number: number): Machine {
    const machine = this.machines[number - 1];
    if (!machine)
      throw new Error(`${this.name} has ${this.record.nodes} nodes: there is none with number ${number}`);
    return machine;
  }

  private node(number: number): Node {
    this.machine(number);
    return this.nodes[number - 1] as Node;
  }

  /** Runs kubectl as an administrator; what it printed. @param input for `-f -` */
  async kubectl(argv: readonly string[], input?: string): Promise<string> {
    const kubectl = join(kubernetesFolder(), 'kubectl');
    return await run([kubectl, `--kubeconfig=${this.kubeconfig}`, ...argv], {
      ...(input !== undefined && { input }),
    });
  }

  /** Makes objects, or makes them what they are said to be here: `kubectl apply`. */
  async apply(...objects: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await this.kubectl(['apply', '-f', '-'], JSON.stringify(list));
  }

  /** Runs a program in a pod; what it printed. @throws Error with its own words where it failed */
  async exec(namespace: string, pod: string, argv: readonly string[], input?: string): Promise<string> {
    const flags = ['exec', '-n', namespace, pod, ...(input === undefined ? [] : ['-i'])];
    return await this.kubectl([...flags, '--', ...argv], input);
  }

  /**
   * Waits until objects are as `condition` says, which is what `kubectl wait --for` takes: `condition=Ready`,
   * `jsonpath={.status.phase}=Bound`, `delete`. @param objects like `pod/a`
   */
  async waitFor(condition: string, objects: readonly string[], namespace = 'default'): Promise<void> {
    await this.kubectl(['wait', '-n', namespace, `--for=${condition}`, ...objects, '--timeout=60s']);
  }

  /** Where this machine sees what a driver keeps in its pool. @param names like `v`, `ID`, `fs`: see `csi/pool.ts` */
  inPool(driver: string, ...names: string[]): string {
    return this.machine(1).path(join(this.pool, this.record.token, driver, ...names));
  }

  /** What the drivers are to fail at from now on; `{}` for nothing. */
  async setFaults(faults: Faults): Promise<void> {
    const work = this.file('faults.json.new');
    await writeFile(work, JSON.stringify(faults));
    await rename(work, this.file('faults.json'));
  }

  /** Kills a part by -9. Pods run on. @param node of the parts that each node has */
  async kill(part: Part, node = 1): Promise<void> {
    await this.machine(node).kill(part);
  }

  /** Starts a part that was killed. The API server is ready when this returns. */
  async restart(part: Part, node = 1): Promise<void> {
    const control = this.controlParts();
    if (part in control) await this.machine(1).start(part, control[part as ControlPart]);
    else await this.node(node).start(part as NodePart);
    if (part === 'apiserver') await this.waitForApi();
  }

  /**
   * Kills everything of it at once, as a power cut would: processes, pods, mounts. What was written is kept, also
   * what was not flushed, since the real machine goes on.
   */
  async cutPower(): Promise<void> {
    this.client?.close();
    this.client = undefined;
    await Promise.all(this.machines.map((machine) => machine.cutPower()));
    await removeVolumeLoops(this.record.token);
  }

  /** Kills all of one node but the first, as a power cut would. The others find out as in any cluster. */
  async cutPowerOf(node: number): Promise<void> {
    if (node === 1) throw new Error('the first node has the control plane: cut the power of all');
    await this.machine(node).cutPower();
  }

  /** Switches on a node that is off. It is ready when this returns. */
  async powerOnNode(number: number): Promise<void> {
    const machine = this.machine(number);
    await this.boot(machine);
    await connectFurther(this.network, this.machine(1), machine);
    const node = this.node(number);
    await Promise.all([node.startContainerd(), node.start('csi'), node.start('csi-plain')]);
    await Promise.all([node.start('kubelet'), node.start('kube-proxy')]);
    await this.waitForNode(machine);
  }

  /** Switches it on, as it was: objects and data are there again, and the pods are started again. */
  async powerOn(): Promise<void> {
    const [first, ...others] = this.nodes as [Node, ...Node[]];
    const { machine } = first;
    const names = this.machines.map(({ name }) => name);
    await Promise.all([
      this.certificates.ensure(this.network.node(1), names).then(() => this.writeKubeconfig()),
      this.makePool(),
    ]);
    await this.boot(machine);
    await connectFirst(this.network, machine);
    const parts = this.controlParts();
    const start = (part: ControlPart) => machine.start(part, parts[part]);
    await Promise.all([start('etcd'), start('apiserver')]);
    await Promise.all([
      first.startContainerd(),
      first.start('csi'),
      first.start('csi-plain'),
      this.waitForApi(),
    ]);
    await Promise.all([
      start('controller-manager'),
      start('scheduler'),
      first.start('kubelet'),
      first.start('kube-proxy'),
      this.startSnapshots(start),
    ]);
    await Promise.all([
      this.waitForNode(machine),
      this.waitForNamespace(),
      ...others.map(({ machine: { number } }) => this.powerOnNode(number)),
    ]);
  }

  /** Ends it, and removes all that was of it. Also after it, or who started it, was killed. */
  async down(): Promise<void> {
    await this.cutPower();
    await Promise.all(this.machines.map((machine) => removeCgroup(cgroupOf(this.record.index, machine))));
    // Away at once, so that nobody takes its number while it is half there.
    const gone = join(CLUSTERS, `.gone-${this.record.token}`);
    if (existsSync(this.file())) await rename(this.file(), gone);
    await rm(gone, { recursive: true, force: true });
  }

  private controlParts(): Record<ControlPart, string[]> {
    const { network, certificates, kubeconfig } = this;
    return controlParts({ network, certificates, kubeconfig, data: this.file('etcd') });
  }

  /** Where the file system with all volumes is mounted, inside of each machine alone. */
  private get pool(): string {
    return this.file('pool');
  }

  private async writeKubeconfig(): Promise<void> {
    const text = await this.certificates.kubeconfig('admin', this.server);
    await writeFile(this.kubeconfig, text, { mode: 0o600 });
  }

  private async makePool(): Promise<void> {
    const image = this.file('pool.img');
    await mkdir(this.pool, { recursive: true });
    if (existsSync(image)) return;
    await writeFile(image, '');
    await truncate(image, POOL_BYTES);
    await run(['mkfs.btrfs', '-q', '-m', 'single', image]);
  }

  private async boot(machine: Machine): Promise<void> {
    await machine.boot({ endsWithUs: this.record.owner !== undefined });
    await this.node(machine.number).prepare();
    // The second machine that mounts it gets the same device, and so the same file system.
    await machine.run(['mount', '-o', 'loop', this.file('pool.img'), this.pool]);
    await machine.run(['mkdir', '-p', join(this.pool, this.record.token)]);
  }

  /** Snapshots need their definitions and the driver; a driver that is killed later is waited for by themselves. */
  private async startSnapshots(start: (part: ControlPart) => Promise<void>): Promise<void> {
    await defineStorage(this.api, this.record.nodes);
    const machine = this.machine(1);
    const why = () => `the driver of volumes did not start: ${machine.log('csi')}`;
    await Promise.all([
      start('snapshot-controller'),
      waitUntil(() => existsSync(machine.path(CSI_SOCKET)), { why }).then(() => start('csi-snapshotter')),
    ]);
  }

  private async waitForApi(): Promise<void> {
    const machine = this.machine(1);
    const why = () =>
      `the API server did not become ready: ${machine.log('apiserver')}\n${machine.log('etcd')}`;
    await waitUntil(() => this.api.isReady(), { why });
  }

  /** Ready, with both drivers. */
  private async waitForNode(machine: Machine): Promise<void> {
    // After a power cut it is said to be ready for a while, because it was. Times there are whole seconds.
    const since = Math.floor(machine.bootedAt / 1000) * 1000;
    const isReady = async () => {
      const node = await this.api.get<NodeObject>(`/api/v1/nodes/${machine.name}`);
      const drivers = await this.api.get<CsiNode>(`/apis/storage.k8s.io/v1/csinodes/${machine.name}`);
      const names = (drivers?.spec.drivers ?? []).map(({ name }) => name);
      const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
      return (
        ready?.status === 'True' &&
        Date.parse(ready.lastHeartbeatTime) >= since &&
        [DRIVER, PLAIN_DRIVER].every((name) => names.includes(name))
      );
    };
    const why = () =>
      `${machine.name} did not become ready: ${machine.log('kubelet')}\n${machine.log('csi')}`;
    await waitUntil(isReady, { why });
  }

  /** Pods can be made in a namespace once it has its service account. */
  private async waitForNamespace(): Promise<void> {
    const path = '/api/v1/namespaces/default/serviceaccounts/default';
    const why = () => `the controllers did not start: ${this.machine(1).log('controller-manager')}`;
    await waitUntil(async () => (await this.api.get(path)) !== undefined, { why });
  }
}
