/** The landings of an agent: by an sshd of its own. */
import type { Host } from '../hosts/contract';
import type { Landings } from './contract';
import { keepSshd, type SshdOptions } from './keep-sshd';
import { openRegistry } from './registry';

export interface LandingSshdOptions extends Omit<SshdOptions, 'hostKey'> {
  /** How sources reach this host: a name or an address. */
  advertisedAddress: string;
  /** The port by which sources reach it, where that is another: of a service before it. */
  advertisedPort?: number;
}

export interface LandingService {
  readonly landings: Landings;
  /** The port that sshd listens on now. */
  readonly port: number;
  /** Ends sshd: no new connection is accepted. Sessions that run go on to their end. */
  stop(): Promise<void>;
}

/**
 * Ends what an earlier agent left, starts sshd and keeps it up until `stop`.
 * @throws TidemarkError `ToolMissing`, or `ToolFailed` where sshd can't listen.
 */
export async function startLandingSshd(host: Host, options: LandingSshdOptions): Promise<LandingService> {
  await host.files.mkdir(`${host.home}/sshd`, 0o700);
  const registry = await openRegistry(host);
  const sshd = await keepSshd(host, options);
  return {
    get port() {
      return sshd.port;
    },
    landings: {
      async open(request) {
        await registry.put(request);
        const { id, expiresAt } = request;
        const { user, hostKeys } = sshd.setup;
        const { advertisedAddress: address, advertisedPort = sshd.port } = options;
        return { id, address, port: advertisedPort, user, hostKeys, expiresAt };
      },
      close: (id) => registry.remove(id),
      sweep: (now) => registry.removeExpired(now),
    },
    stop: () => sshd.stop(),
  };
}
