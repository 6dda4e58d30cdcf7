/** Hosts, those first that need somebody. Pure. */
import type { HostSeen } from '../../api/host-seen';

/** Without an agent, it is bad where a relationship needs it; two agents of one host are a mistake. */
export function hostTone({ seen, named, identities }: HostSeen): 'down' | 'warn' | 'up' | 'plain' {
  if (!seen) return named ? 'down' : 'plain';
  return identities.length > 1 ? 'warn' : 'up';
}

const RANK = { down: 0, warn: 1, up: 2, plain: 3 } as const;

export function hostsInOrder(hosts: readonly HostSeen[]): HostSeen[] {
  return hosts.toSorted(
    (one, other) => RANK[hostTone(one)] - RANK[hostTone(other)] || (one.name < other.name ? -1 : 1),
  );
}
