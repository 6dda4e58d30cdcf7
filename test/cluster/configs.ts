/** The configuration files of a node's parts. JSON is YAML. */
import type { Network } from './network';

/** Socket of containerd, inside a machine. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
export const PAUSE_IMAGE = 'tidemark.test/pause:1';

export interface NodeFiles {
  /** The machine's folder. */
  folder: string;
  /** Its cgroup, from the root of each hierarchy. */
  cgroup: string;
  /** The authority's certificate. */
  ca: string;
  /** An administrator's. */
  kubeconfig: string;
}

/** Without a bridge none is left behind, and none has to be filtered for Services to be reached. */
export function makeCniConfig(podsOfNode: string): string {
  const ipam = { type: 'host-local', ranges: [[{ subnet: podsOfNode }]], routes: [{ dst: '0.0.0.0/0' }] };
  const plugins = [{ type: 'ptp', ipMasq: false, mtu: 1500, ipam }];
  return JSON.stringify({ cniVersion: '1.0.0', name: 'pods', plugins });
}

/**
 * `restrict_oom_score_adj`: where root lacks CAP_SYS_RESOURCE, as in most containers, every pod fails without it
 * ("runc create failed: can't get final child's PID from pipe: EOF").
 */
export function makeContainerdConfig({ folder }: NodeFiles): string {
  const disabled = ['btrfs', 'zfs', 'devmapper', 'aufs'].map(
    (name) => `io.containerd.snapshotter.v1.${name}`,
  );
  disabled.push('io.containerd.tracing.processor.v1.otlp', 'io.containerd.internal.v1.tracing');
  return `version = 2
root = ${JSON.stringify(`${folder}/containerd`)}
state = "/run/containerd/state"
disabled_plugins = ${JSON.stringify(disabled)}
[grpc]
  address = ${JSON.stringify(CONTAINERD_SOCKET)}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${JSON.stringify(PAUSE_IMAGE)}
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${JSON.stringify(`${folder}/cni`)}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`;
}

/**
 * A full disk of the real machine must not evict pods; and each kubelet removes what it does not know in its cgroup.
 * There are no names of services: a pod that asks for one is told so at once, by nobody being there at its own loopback.
 */
export function makeKubeletConfig({ cgroup, ca }: NodeFiles): string {
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    failSwapOn: false,
    failCgroupV1: false,
    enforceNodeAllocatable: [],
    evictionHard: {
      'memory.available': '0%',
      'nodefs.available': '0%',
      'imagefs.available': '0%',
      'nodefs.inodesFree': '0%',
    },
    imageGCHighThresholdPercent: 100,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: ca },
    },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    // How often it looks at a pod that nothing happened to: whether a volume is to grow, a Secret has changed.
    syncFrequency: '3s',
    // It says four times as often that it is there.
    nodeLeaseDurationSeconds: 8,
    clusterDNS: ['127.0.0.1'],
    clusterDomain: 'cluster.local',
    resolvConf: '/dev/null',
  });
}

/**
 * The limits of connections are the whole machine's, and cannot be set from here. With the usual `minSyncPeriod` of
 * 1 s the first connection to a Service that has just got its pod is lost, here as in any cluster.
 */
export function makeProxyConfig({ kubeconfig }: NodeFiles, node: string, { pods }: Network): string {
  return JSON.stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clientConnection: { kubeconfig },
    hostnameOverride: node,
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    detectLocalMode: 'ClusterCIDR',
    clusterCIDR: pods,
    nftables: { minSyncPeriod: '50ms' },
  });
}
