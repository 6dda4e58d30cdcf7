/** The programs that a cluster is made of, and their arguments. */
import { join } from 'node:path';
import type { Certificates } from './certificates';
import type { Network } from './network';
import type { Machine } from './machine';
import { kubernetesFolder } from './paths';

const CONTROL_PARTS = [
  'etcd',
  'apiserver',
  'controller-manager',
  'scheduler',
  'snapshot-controller',
  'csi-snapshotter',
] as const;

/** Of the whole cluster: they run on the first machine. */
export type ControlPart = (typeof CONTROL_PARTS)[number];
/** Of each node; `csi` serves the driver with snapshots, `csi-plain` the one without. */
export type NodePart = 'containerd' | 'kubelet' | 'kube-proxy' | 'csi' | 'csi-plain';
export type Part = ControlPart | NodePart;

export function isControlPart(part: Part): part is ControlPart {
  return CONTROL_PARTS.some((each) => each === part);
}

export interface ControlFiles {
  network: Network;
  certificates: Certificates;
  /** An administrator's. */
  kubeconfig: string;
  /** Of etcd. */
  data: string;
  /** How many nodes there are. */
  nodes: number;
}

const ETCD = 'http://127.0.0.1:2379';
const ETCD_PEER = 'http://127.0.0.1:2380';
/** Those of the kubelet on the node where the controllers of volumes run. */
export const CSI_SOCKET = '/var/lib/kubelet/plugins/csi.tidemark.test/csi.sock';

const kube = (...argv: string[]) => [join(kubernetesFolder(), 'kube'), ...argv];

/** What is usually a container: it ends by itself where its driver or the API server goes away, to be started again. */
const AGAIN = ['sh', '-c', 'while true; do "$@"; sleep 0.3; done', 'sh'];

function etcd(data: string): string[] {
  return kube(
    'etcd',
    `--data-dir=${data}`,
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    `--listen-peer-urls=${ETCD_PEER}`,
    `--initial-advertise-peer-urls=${ETCD_PEER}`,
    `--initial-cluster=default=${ETCD_PEER}`,
    '--unsafe-no-fsync',
  );
}

function apiserver({ network, certificates }: ControlFiles): string[] {
  return kube(
    'kube-apiserver',
    `--etcd-servers=${ETCD}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--secure-port=6443',
    `--advertise-address=${network.node(1)}`,
    `--tls-cert-file=${certificates.file('apiserver', 'crt')}`,
    `--tls-private-key-file=${certificates.file('apiserver', 'key')}`,
    `--client-ca-file=${certificates.file('ca', 'crt')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${certificates.file('service-accounts', 'key')}`,
    `--service-account-signing-key-file=${certificates.file('service-accounts', 'key')}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--kubelet-client-certificate=${certificates.file('admin', 'crt')}`,
    `--kubelet-client-key=${certificates.file('admin', 'key')}`,
    '--kubelet-preferred-address-types=InternalIP',
  );
}

/** The arguments of each part of the control plane. */
export function controlParts(files: ControlFiles): Record<ControlPart, string[]> {
  const { certificates, kubeconfig, data, nodes } = files;
  const client = `--kubeconfig=${kubeconfig}`;
  // As they come, they take 5 requests a second, and wait up to 5 minutes before they try again: a test would, too.
  const quick = ['--kube-api-qps=100', '--kube-api-burst=200'];
  const snapshots = [
    ...quick,
    '--leader-election=false',
    '--retry-interval-start=200ms',
    '--retry-interval-max=5s',
  ];
  return {
    etcd: etcd(data),
    apiserver: apiserver(files),
    'controller-manager': kube(
      'kube-controller-manager',
      client,
      ...quick,
      // It takes 50 s by default until a node that is gone is known to be.
      ...(nodes > 1 ? ['--node-monitor-grace-period=12s', '--node-monitor-period=1s'] : []),
      '--leader-elect=false',
      `--service-account-private-key-file=${certificates.file('service-accounts', 'key')}`,
      `--root-ca-file=${certificates.file('ca', 'crt')}`,
      '--bind-address=127.0.0.1',
    ),
    scheduler: kube(
      'kube-scheduler',
      client,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      // With it, of 120 pods that were made together with their claims 6 were not looked at again once those were bound;
      // without it such a pod starts a second later.
      '--feature-gates=SchedulerPopFromBackoffQ=false',
    ),
    'snapshot-controller': [...AGAIN, join(kubernetesFolder(), 'snapshot-controller'), client, ...snapshots],
    'csi-snapshotter': [
      ...[...AGAIN, join(kubernetesFolder(), 'csi-snapshotter')],
      ...[client, `--csi-address=${CSI_SOCKET}`, ...snapshots],
    ],
  };
}

/** The arguments of each part of a node, but of the drivers. */
export function nodeParts(
  machine: Machine,
  network: Network,
): Record<Exclude<NodePart, 'csi' | 'csi-plain'>, string[]> {
  return {
    containerd: ['containerd', '--config', machine.file('containerd.toml')],
    kubelet: kube(
      'kubelet',
      `--config=${machine.file('kubelet.json')}`,
      `--kubeconfig=${machine.file('kubelet.kubeconfig')}`,
      `--hostname-override=${machine.name}`,
      `--node-ip=${network.node(machine.number)}`,
    ),
    'kube-proxy': kube('kube-proxy', `--config=${machine.file('proxy.json')}`),
  };
}
