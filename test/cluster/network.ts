import { networkInterfaces } from 'node:os';
import type { Machine } from './machine';
import { run } from './run';

/** Most nodes of a cluster: each has 62 addresses for pods. */
export const MOST_NODES = 4;
/** One number for each cluster of this machine. */
export const INDEXES = Array.from({ length: 254 }, (_, index) => index + 1);

/** Addresses of a cluster: 198.18.N.0/24 for its nodes, 10.244.N.0/24 for its pods; services are 10.96.0.0/16 in all. */
export class Network {
  constructor(readonly index: number) {}

  /** Name of the link to the first node, on the real machine. */
  get link(): string {
    return `tmcluster${this.index}`;
  }

  get nodes(): string {
    return `198.18.${this.index}.0/24`;
  }

  get pods(): string {
    return `10.244.${this.index}.0/24`;
  }

  /** The real machine, as the nodes see it. */
  get outside(): string {
    return `198.18.${this.index}.1`;
  }

  node(number: number): string {
    return `198.18.${this.index}.${number + 1}`;
  }

  podsOf(number: number): string {
    return `10.244.${this.index}.${(number - 1) * 64}/26`;
  }
}

/** Whether a network of the real machine has this number: also a cluster's with its state elsewhere. */
export function isNetworkUsed(index: number): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.some(({ address }) => address.startsWith(`198.18.${index}.`));
}

/**
 * Several commands of `ip` in one process, which sees the real machine's /proc, so that the namespace of another
 * machine can be named. @param machine in whose network; the real machine's by default
 */
export async function ip(commands: readonly string[], machine?: Machine): Promise<void> {
  const where = machine ? ['nsenter', `--net=/proc/${machine.init}/ns/net`, '--'] : [];
  await run([...where, 'ip', '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

/**
 * Keeps what is meant for a cluster on this machine also while that is switched off: it is told that there is no route,
 * and does not go where the default route leads. @param isThere false takes it back
 */
export async function keepHome({ nodes, pods }: Network, isThere: boolean): Promise<void> {
  const verb = isThere ? 'replace' : 'delete';
  for (const range of [nodes, pods]) {
    const made = run(['ip', 'route', verb, 'unreachable', range, 'metric', '4000']);
    await (isThere ? made : made.catch(() => undefined));
  }
}

/**
 * Connects the first node to the real machine: tests reach the API server, NodePorts, and pods by their own
 * addresses. It goes when the machine is switched off.
 */
export async function connectFirst(network: Network, machine: Machine): Promise<void> {
  await ip([
    `link add ${network.link} type veth peer name eth0 netns /proc/${machine.init}/ns/net`,
    `address add ${network.outside}/24 dev ${network.link}`,
    `link set ${network.link} up`,
    `route add ${network.pods} via ${network.node(1)}`,
  ]);
  const commands = [
    `address add ${network.node(1)}/24 dev eth0`,
    'link set eth0 up',
    `route add default via ${network.outside}`,
  ];
  await ip(commands, machine);
}

/** Connects another node to the first one, which routes for it. It goes when either machine is switched off. */
export async function connectFurther(network: Network, first: Machine, machine: Machine): Promise<void> {
  const address = network.node(machine.number);
  await run(['ip', 'route', 'replace', `${address}/32`, 'via', network.node(1)]);
  await ip(
    [
      `link add ${machine.name} type veth peer name eth0 netns /proc/${machine.init}/ns/net`,
      `link set ${machine.name} up`,
      `route add ${address} dev ${machine.name} src ${network.node(1)}`,
      `route add ${network.podsOf(machine.number)} via ${address} dev ${machine.name}`,
    ],
    first,
  );
  const commands = [
    `address add ${address}/32 dev eth0`,
    'link set eth0 up',
    `route add ${network.node(1)} dev eth0 src ${address}`,
    `route add default via ${network.node(1)}`,
  ];
  await ip(commands, machine);
}
