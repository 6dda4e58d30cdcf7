/** Landings in a pod: an sshd of its own, with everything that it keeps, for as long as somebody may come in. */
import type { Host } from '../hosts/contract';
import type { PodRunner } from '../hosts/cluster/contract';
import type { Landings } from './contract';
import { startLandingSshd } from './sshd';

export interface PodLandings {
  readonly landings: Landings;
  stop(): Promise<void>;
}

/** How sources reach the sshd, and where it listens in the pod. */
export interface PodAddress {
  advertisedAddress: string;
  port: number;
  containerPort: number;
}

export async function openPodLandings(runner: PodRunner, at: PodAddress): Promise<PodLandings> {
  const host: Host = { ...runner, home: runner.scratch };
  const { landings, stop } = await startLandingSshd(host, {
    listenAddress: '0.0.0.0',
    advertisedAddress: at.advertisedAddress,
    port: at.containerPort,
  });
  return {
    landings: {
      ...landings,
      open: async (request) => ({ ...(await landings.open(request)), port: at.port }),
    },
    stop,
  };
}
