import type { ClusterOptions } from '../hosts/cluster';
import type { Host } from '../hosts/contract';
import type { SshOptions } from '../hosts/ssh/connect';
import type { Landings } from '../landings/contract';

/** How a host is reached on which nothing of ours runs. */
export interface ViaOptions {
  ssh: SshOptions;
  /** State folder on that host; absolute, or below the login user's home folder. */
  home: string;
  /** The file in which its sshd looks for the login user's keys; by default `~/.ssh/authorized_keys`. */
  authorizedKeys?: string;
}

/** A cluster that is the host. */
export interface KubernetesOptions extends Omit<ClusterOptions, 'name'> {
  /** It serves the cluster's custom resources too. Left out: it does not. */
  resources?: {
    /** Other hosts that a resource may name. */
    hosts: readonly string[];
  };
  /** It serves those of VolSync and Scribe. Left out: it does not. */
  volsync?: true;
}

export interface SideOptions {
  /** The host's name: the agent serves the queue `host/<name>`. */
  host: string;
  /** State folder of this agent alone, on this machine. Absolute. */
  home: string;
  /** Where its sshd for landings listens. */
  listenAddress: string;
  /** How sources reach it; by default the listen address, or the host that the agent goes to. */
  advertisedAddress?: string;
  /** Port of its sshd; by default one that is free, kept from then on, or the one that the agent goes to. */
  port?: number;
  /** Left out, as the next one: this machine is the host. */
  via?: ViaOptions;
  kubernetes?: KubernetesOptions;
}

export interface HostSide {
  host: Host;
  landings: Landings;
  /** No new landing is accepted; transfers that run go on. */
  close(): Promise<void>;
}
