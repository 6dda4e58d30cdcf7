/** A node of a cluster: what it is given before its parts start, and its parts. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntil } from './wait-until';
import type { Certificates } from './certificates';
import {
  CONTAINERD_SOCKET,
  makeCniConfig,
  makeContainerdConfig,
  makeKubeletConfig,
  makeProxyConfig,
  type NodeFiles,
} from './configs';
import { ensureImages } from './images';
import { makeCgroup } from './left-overs';
import type { Machine } from './machine';
import type { Network } from './network';
import { ROOT } from './paths';
import { nodeParts, type NodePart } from './parts';
import { DRIVER, PLAIN_DRIVER } from './storage';

/** What a node shares with its cluster. */
export interface NodeSurroundings {
  network: Network;
  certificates: Certificates;
  server: string;
  /** An administrator's. */
  kubeconfig: string;
  /** Where the pool of all volumes is mounted, and the folder in it that is the cluster's. */
  pool: string;
  /** Says what the drivers are to fail at. */
  faults: string;
}

/** Root of the cgroups of a node's pods. */
export function cgroupOf(index: number, machine: Machine): string {
  return `tidemark-${index}-${machine.number}`;
}

export class Node {
  constructor(
    readonly machine: Machine,
    private readonly around: NodeSurroundings,
  ) {}

  /** Arguments of each of its parts. */
  get parts(): Record<NodePart, string[]> {
    return {
      ...nodeParts(this.machine, this.around.network),
      csi: this.driver(DRIVER),
      'csi-plain': this.driver(PLAIN_DRIVER),
    };
  }

  /** The first node's makes volumes, too. */
  private driver(name: string): string[] {
    const { kubeconfig, pool, faults } = this.around;
    return [
      process.execPath,
      ...['--require', join(ROOT, 'test/support/run-typescript.cjs'), join(__dirname, 'csi/main.ts')],
      ...['--driver', name, '--node', this.machine.name, '--pool', join(pool, name), '--faults', faults],
      ...(this.machine.number === 1 ? ['--kubeconfig', kubeconfig] : []),
    ];
  }

  /** Writes its configuration. */
  async prepare(): Promise<void> {
    const { network, certificates, server, kubeconfig } = this.around;
    const { machine } = this;
    const { folder, number } = machine;
    const cgroup = cgroupOf(network.index, machine);
    const files: NodeFiles = { folder, cgroup, ca: certificates.file('ca', 'crt'), kubeconfig };
    await mkdir(join(folder, 'cni'), { recursive: true });
    await Promise.all([
      makeCgroup(cgroup),
      writeFile(join(folder, 'cni/10-pods.conflist'), makeCniConfig(network.podsOf(number))),
      writeFile(join(folder, 'containerd.toml'), makeContainerdConfig(files)),
      writeFile(join(folder, 'kubelet.json'), makeKubeletConfig(files)),
      writeFile(join(folder, 'kubelet.kubeconfig'), await certificates.kubeconfig(machine.name, server)),
      writeFile(join(folder, 'proxy.json'), makeProxyConfig(files, machine.name, network)),
    ]);
  }

  async start(part: NodePart): Promise<void> {
    await this.machine.start(part, this.parts[part]);
  }

  /** Starts a part; containerd and the kubelet answer when this returns. */
  async restart(part: NodePart): Promise<void> {
    await this.start(part);
    if (part === 'containerd') await this.waitForContainerd();
    if (part === 'kubelet') {
      const probe = ['curl', '--silent', '--fail', '--max-time', '2', 'http://127.0.0.1:10248/healthz'];
      await this.waitForProgram(probe, part);
    }
  }

  /** Starts containerd, and brings it the images. */
  async startContainerd(): Promise<void> {
    const images = ensureImages();
    await this.start('containerd');
    await this.waitForContainerd();
    for (const image of await images) await this.importImage(image);
  }

  /** @param archive path of a Docker archive */
  async importImage(archive: string): Promise<void> {
    await this.machine.run(ctr('--namespace', 'k8s.io', 'images', 'import', archive));
  }

  private async waitForContainerd(): Promise<void> {
    await this.waitForProgram(ctr('version'), 'containerd');
  }

  private async waitForProgram(probe: readonly string[], part: NodePart): Promise<void> {
    const isUp = () =>
      this.machine.run(probe).then(
        () => true,
        () => false,
      );
    const why = () => `${part} did not start on ${this.machine.name}: ${this.machine.log(part)}`;
    await waitUntil(isUp, { why });
  }
}

const ctr = (...argv: string[]) => ['ctr', '--address', CONTAINERD_SOCKET, ...argv];
