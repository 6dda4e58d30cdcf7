/**
 * Hosts as network namespaces: each has a link of its own to every other, which can be cut, and a
 * management link to the machine itself, where Temporal listens.
 */
import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { reserve } from './ports';

const exec = promisify(execFile);
const ip = async (...args: string[]) => (await exec('ip', args)).stdout;

let made = 0;

/** A number for the addresses that no other test of this machine has, nor one that was killed has left. */
async function reserveNet(): Promise<number> {
  const used = Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => address),
  );
  for (let net = 0; net < 256; net++) {
    if (used.some((address) => address.startsWith(`10.232.${net}.`) || address.startsWith(`10.233.${net}.`)))
      continue;
    if (await reserve(`net/${net}`)) return net;
  }
  throw new Error('no network is left for another test');
}

/** Two hosts, a data link between them, and a management link from each to this machine. */
export class TwoHosts {
  private constructor(
    private readonly tag: string,
    private readonly net: number,
  ) {}

  static async make(): Promise<TwoHosts> {
    const net = await reserveNet();
    // A link's name has at most 15 letters; what a killed test has left may still have its own.
    const hosts = new TwoHosts(`td${process.pid % 100_000}x${made++}`, net);
    await hosts.create();
    return hosts;
  }

  namespace(side: 'a' | 'b'): string {
    return `${this.tag}${side}`;
  }

  /** Address of a side on the data link. */
  address(side: 'a' | 'b'): string {
    return `10.231.${this.net}.${side === 'a' ? 1 : 2}`;
  }

  /** Address of this machine as a side sees it, over the management link. */
  management(side: 'a' | 'b'): string {
    return `10.${side === 'a' ? 232 : 233}.${this.net}.1`;
  }

  /**
   * The argv that runs a program inside a host. Not by `ip netns exec`: that copies all mounts, and a FUSE
   * filesystem of another test could not be unmounted before the copies are gone ("dataset is busy").
   */
  inside(side: 'a' | 'b', argv: readonly string[]): string[] {
    return ['nsenter', `--net=/run/netns/${this.namespace(side)}`, '--', ...argv];
  }

  async cutLink(): Promise<void> {
    await ip('-n', this.namespace('a'), 'link', 'set', 'data', 'down');
  }

  async mendLink(): Promise<void> {
    await ip('-n', this.namespace('a'), 'link', 'set', 'data', 'up');
  }

  /** Bytes that a side has sent over the data link, as the kernel counts them. */
  async bytesSent(side: 'a' | 'b'): Promise<number> {
    const [link] = JSON.parse(await ip('-n', this.namespace(side), '-j', '-s', 'link', 'show', 'data')) as [
      { stats64: { tx: { bytes: number } } },
    ];
    return link.stats64.tx.bytes;
  }

  async remove(): Promise<void> {
    for (const side of ['a', 'b'] as const) {
      await ip('netns', 'delete', this.namespace(side)).catch(() => undefined);
    }
  }

  private async create(): Promise<void> {
    for (const side of ['a', 'b'] as const) {
      const name = this.namespace(side);
      const outside = `${this.tag}m${side}`;
      await ip('netns', 'add', name);
      await ip('-n', name, 'link', 'set', 'lo', 'up');
      await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'mgmt', 'netns', name);
      await ip('address', 'add', `${this.management(side)}/24`, 'dev', outside);
      await ip('link', 'set', outside, 'up');
      await ip('-n', name, 'address', 'add', this.management(side).replace(/1$/, '2') + '/24', 'dev', 'mgmt');
      await ip('-n', name, 'link', 'set', 'mgmt', 'up');
    }
    const [a, b] = [this.namespace('a'), this.namespace('b')];
    await ip('-n', a, 'link', 'add', 'data', 'type', 'veth', 'peer', 'name', 'data', 'netns', b);
    for (const side of ['a', 'b'] as const) {
      await ip('-n', this.namespace(side), 'address', 'add', `${this.address(side)}/24`, 'dev', 'data');
      await ip('-n', this.namespace(side), 'link', 'set', 'data', 'up');
    }
  }
}
