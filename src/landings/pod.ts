/** Landings in a pod: an sshd there for as long as it is reached, whose keys and notes lie in its scratch folder. */
import type { Runner } from '../hosts/contract';
import { type LandingService, startLandingSshd } from './sshd';

export interface PodLandingOptions {
  /** How sources reach the pod: its own address, or that of a service before it. */
  advertisedAddress: string;
  /** The port there. */
  port: number;
  /** The port in the container that leads to. Above 1023 where its user is not root. */
  containerPort: number;
  /** Each line that sshd logs. */
  onLog?: (line: string) => void;
}

/**
 * Starts an sshd in a pod; one that an earlier agent left there is ended, and its landings are taken up. It ends with this
 * agent, however that ends; what is being transferred goes on.
 *
 * The container needs `sshd` and `ssh-keygen`, and a line for its user in `/etc/passwd`. As root it needs the folder
 * `/run/sshd` and the capabilities SETUID, SETGID and SYS_CHROOT; as another user none, and lets in that user alone.
 * @throws TidemarkError `ToolMissing`, or `ToolFailed` where sshd can't listen.
 */
export function openPodLandings(
  runner: Runner,
  { advertisedAddress, port, containerPort, onLog }: PodLandingOptions,
): Promise<LandingService> {
  // Nothing of it is to last longer than the pod.
  const host = { ...runner, home: runner.scratch };
  return startLandingSshd(host, {
    ...{ advertisedAddress, advertisedPort: port, port: containerPort },
    ...(onLog && { onLog }),
  });
}
