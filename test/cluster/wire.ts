/** A wire between two clusters, which can be cut. */
import type { Cluster } from './cluster';
import { ip } from './network';

/**
 * Connects the first nodes of two clusters. Nodes and pods of each then reach the NodePorts and the pods of the other.
 * It is gone when either is switched off; `mend` lays it again.
 */
export class Wire {
  private constructor(
    private readonly one: Cluster,
    private readonly other: Cluster,
  ) {}

  /** Lays one, or finds the one that is there. */
  static async lay(one: Cluster, other: Cluster): Promise<Wire> {
    const wire = new Wire(one, other);
    await wire.mend();
    return wire;
  }

  /** Whatever is on its way is lost, and nobody is told. */
  async cut(): Promise<void> {
    await ip([`link set ${nameTo(this.other)} down`], this.one.machine(1));
  }

  async mend(): Promise<void> {
    const { one, other } = this;
    if (!(await this.isThere())) {
      const peer = `peer name ${nameTo(one)} netns /proc/${other.machine(1).init}/ns/net`;
      await ip([`link add ${nameTo(other)} type veth ${peer}`], one.machine(1));
    }
    // All routes over an end that was down are gone.
    await connect(one, other);
    await connect(other, one);
  }

  private async isThere(): Promise<boolean> {
    const links = await this.one.machine(1).run(['ip', '-o', 'link', 'show', 'type', 'veth']);
    return links.includes(` ${nameTo(this.other)}@`);
  }
}

/** The end of the wire that leads to a cluster. */
function nameTo({ record }: Cluster): string {
  return `to-${record.index}`;
}

/**
 * The ends have no addresses of their own: each asks for the other's node on the wire. While the wire is cut its routes
 * are gone, and the others swallow what would go by it, which else the real machine might carry.
 */
async function connect(from: Cluster, to: Cluster): Promise<void> {
  const link = nameTo(to);
  const source = `src ${from.network.node(1)}`;
  const gateway = to.network.node(1);
  await ip(
    [
      `link set ${link} up`,
      `route replace ${gateway}/32 dev ${link} ${source}`,
      ...[to.network.nodes, to.network.pods].flatMap((range) => [
        `route replace ${range} via ${gateway} dev ${link} onlink ${source}`,
        `route replace blackhole ${range} metric 1000`,
      ]),
    ],
    from.machine(1),
  );
}
