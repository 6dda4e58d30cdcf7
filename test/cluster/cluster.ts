/**
 * A Kubernetes of the tests' own on this machine: API server, controllers, scheduler, kubelets, containerd, storage
 * with snapshots. Everything of it is real but the machines, which are namespaces. Needs root.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reserve } from '../support/hosts/ports';
import { ApiServer } from './api-server';
import { Certificates } from './certificates';
import { ControlPlane } from './control-plane';
import type { Faults } from './csi/faults';
import { removeCgroup, removeVolumeLoops } from './left-overs';
import { Machine } from './machine';
import { connectFirst, connectFurther, keepHome, MOST_NODES, Network } from './network';
import { cgroupOf, Node } from './node';
import { isControlPart, type Part } from './parts';
import { CLUSTERS, kubernetesFolder } from './paths';
import { run } from './run';
import { claimRecord, folderOf, isOrphaned, listRecords, type ClusterRecord } from './state';

export interface ClusterOptions {
  /** By default one that no other has. */
  name?: string;
  /** 1 by default, 4 at most. */
  nodes?: number;
  /** It outlives this process. By default it ends with it, however that ends. */
  isLasting?: boolean;
}

/** Apparent: the file grows with what is written. */
const POOL_BYTES = 64 * 2 ** 30;

let made = 0;

export class Cluster {
  readonly network: Network;
  readonly machines: readonly Machine[];
  private readonly nodes: readonly Node[];
  private readonly control: ControlPlane;
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
    const files = { ...around, data: this.file('etcd'), nodes: record.nodes };
    this.control = new ControlPlane(this.machine(1), files, () => this.api);
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
      await cluster.down().catch((left: unknown) => {
        throw new AggregateError([error, left], `${String(error)}\nand what was there could not be removed`);
      });
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
    const orphans = (await Cluster.list()).filter(({ record }) => isOrphaned(record));
    // Other tests that start now want to do the same.
    for (const orphan of orphans) if (await reserve(`cluster/${orphan.record.token}`)) await orphan.down();
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
    // What it remembers of a server goes by the address, which the next cluster has again.
    const flags = [`--kubeconfig=${this.kubeconfig}`, `--cache-dir=${this.file('kubectl')}`];
    return await run([kubectl, ...flags, ...argv], { ...(input !== undefined && { input }) });
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
   * @throws Error with the newest events where they are not in 2 minutes
   */
  async waitFor(condition: string, objects: readonly string[], namespace = 'default'): Promise<void> {
    const wait = ['wait', '-n', namespace, `--for=${condition}`, ...objects, '--timeout=120s'];
    await this.kubectl(wait).catch(async (error: Error) => {
      const events = await this.kubectl(['get', 'events', '-n', namespace, '--sort-by=.lastTimestamp']);
      throw new Error(`${error.message}\n${events.split('\n').slice(-12).join('\n')}`, { cause: error });
    });
  }

  /** Brings an image to every node. @param archive path of a Docker archive */
  async importImage(archive: string): Promise<void> {
    for (const node of this.nodes) await node.importImage(archive);
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

  /** Starts a part that was killed. API server, containerd and kubelet answer when this returns. */
  async restart(part: Part, node = 1): Promise<void> {
    if (isControlPart(part)) await this.control.start(part);
    else await this.node(node).restart(part);
    if (part === 'apiserver') await this.control.waitForApi();
  }

  /**
   * Kills everything of it at once, as a power cut would: processes, pods, mounts. What was written is kept, also
   * what was not flushed, since the real machine goes on.
   */
  async cutPower(): Promise<void> {
    this.client?.close();
    this.client = undefined;
    await Promise.all(this.machines.map((machine) => this.switchOff(machine)));
    await removeVolumeLoops(this.record.token);
  }

  /** Kills all of one node but the first, as a power cut would. The others find out as in any cluster. */
  async cutPowerOf(node: number): Promise<void> {
    if (node === 1) throw new Error('the first node has the control plane: cut the power of all');
    await this.switchOff(this.machine(node));
  }

  /** Switches on a node that is off. It is ready when this returns. */
  async powerOnNode(number: number): Promise<void> {
    const machine = this.machine(number);
    await this.boot(machine);
    await connectFurther(this.network, this.machine(1), machine);
    const node = this.node(number);
    await Promise.all([node.startContainerd(), node.start('csi'), node.start('csi-plain')]);
    await Promise.all([node.start('kubelet'), node.start('kube-proxy')]);
    await this.control.waitForNode(machine);
  }

  /** Switches it on, as it was: objects and data are there again, and the pods are started again. */
  async powerOn(): Promise<void> {
    if (this.isOn) throw new Error(`${this.name} is on already`);
    // Where it was killed by somebody else, this is still to be done.
    await this.cutPower();
    const [first, ...others] = this.nodes as [Node, ...Node[]];
    const { machine } = first;
    const names = this.machines.map(({ name }) => name);
    await Promise.all([
      this.certificates.ensure(this.network.node(1), names).then(() => this.writeKubeconfig()),
      this.makePool(),
    ]);
    await keepHome(this.network, true);
    await this.boot(machine);
    await connectFirst(this.network, machine);
    await this.control.startApi();
    await Promise.all([
      first.startContainerd(),
      first.start('csi'),
      first.start('csi-plain'),
      this.control.waitForApi(),
    ]);
    await Promise.all([first.start('kubelet'), first.start('kube-proxy'), this.control.startControllers()]);
    await Promise.all([
      this.control.waitForNode(machine),
      this.control.waitForNamespace(),
      ...others.map(({ machine: { number } }) => this.powerOnNode(number)),
    ]);
  }

  /** Ends it, and removes all that was of it. Also after it, or who started it, was killed. */
  async down(): Promise<void> {
    await this.cutPower();
    await keepHome(this.network, false);
    // Away at once, so that nobody takes its number while it is half there.
    const gone = join(CLUSTERS, `.gone-${this.record.token}`);
    if (existsSync(this.file())) await rename(this.file(), gone);
    await rm(gone, { recursive: true, force: true });
  }

  /** Cgroups of pods that were there before cost a kubelet 3 s each at its start. */
  private async switchOff(machine: Machine): Promise<void> {
    await machine.cutPower();
    await removeCgroup(cgroupOf(this.record.index, machine));
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
}
