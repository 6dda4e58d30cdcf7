/** What an agent speaks for: this machine with an sshd of its own, a host reached over SSH, or a cluster. */
import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import { makeLocalHost } from '../hosts/local';
import { startLandingSshd } from '../landings/sshd';
import type * as Kubernetes from './kubernetes';
import type * as Via from './via';
import type { SideOptions, HostSide } from './side';

/** Opens what an agent works with. @throws TidemarkError where it can't be had. */
export async function openSide(options: SideOptions, log: Logger, signal: AbortSignal): Promise<HostSide> {
  if (options.via) {
    const { openVia } = createRequire(__filename)('./via') as typeof Via;
    return openVia(options, options.via, log, signal);
  }
  if (options.kubernetes) {
    const { openKubernetes } = createRequire(__filename)('./kubernetes') as typeof Kubernetes;
    return openKubernetes(options, options.kubernetes, log, signal);
  }
  const host = makeLocalHost({ name: options.host, home: options.home });
  const service = await startLandingSshd(host, {
    listenAddress: options.listenAddress,
    advertisedAddress: options.advertisedAddress ?? options.listenAddress,
    ...(options.port !== undefined && { port: options.port }),
  });
  return { host, landings: service.landings, close: () => service.stop() };
}
