/** The Job whose pod reaches a volume. Pure. */
import { KEYS_FOLDER, type MoverSettings, type PodTemplate } from '../../hosts/cluster/contract';
import { BATCH, type Job } from '../../hosts/cluster/objects';
import { makeAccount } from '../../hosts/pod/account';
import type { Style } from './style';

export const CONTAINER = 'mover';
/** Where the volume is in the pod: a folder, or a device. */
export const VOLUME_FOLDER = '/data';
export const VOLUME_DEVICE = '/dev/volume';
/** Where a second claim is, of which the first one is made. */
export const SECOND_FOLDER = '/point';
export const SECOND_DEVICE = '/dev/point';
/** The pod's own folder; it goes with the pod. */
export const SCRATCH = '/tidemark';
export const SSHD_PORT = 2222;

/** A file in the scratch folder that the agent touches: a pod that nobody has touched for long ends itself. */
export const ALIVE = `${SCRATCH}/alive`;
const ABANDONED_SECONDS = 900;
const LOOK_EVERY_SECONDS = 5;
/** A Job that has ended goes by itself after so long, where its agent never comes back. */
export const GONE_AFTER_SECONDS = 300;

/** What root needs to write files of any owner, and an sshd to let somebody in: what containers have by default. */
const ROOT_CAPABILITIES = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'SETFCAP', 'SETGID', 'SETUID'],
  'SYS_CHROOT',
];

/** Ends when it is told to, and when its agent has been away for long. */
const KEEP_ALIVE = `
trap 'exit 0' TERM
touch ${ALIVE}
while [ "$(($(date +%s) - $(stat -c %Y ${ALIVE})))" -lt ${ABANDONED_SECONDS} ]; do
  sleep ${LOOK_EVERY_SECONDS} & wait $!
done
`;

export interface MoverPod {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Left out: nothing is mounted. */
  claimName?: string;
  /** A second claim, to read from. */
  from?: string;
  mode: 'Filesystem' | 'Block';
  readOnly: boolean;
  /** `1000:1000`; undefined: root. */
  runAs?: string;
  /** Where the volume is in use already, and so can be reached. */
  nodeName?: string;
  /** Left out: as everything of ours is. */
  style?: Style;
}

/** Numbers of `user:group`. */
export function parseRunAs(runAs: string): { user: number; group: number } {
  const [user = '', group = user] = runAs.split(':');
  return { user: Number(user), group: Number(group) };
}

function podSecurity(runAs: string | undefined, readOnly: boolean) {
  const seccompProfile = { type: 'RuntimeDefault' };
  if (runAs === undefined) return { runAsUser: 0, runAsGroup: 0, seccompProfile };
  const { user, group } = parseRunAs(runAs);
  return {
    ...{ runAsNonRoot: user !== 0, runAsUser: user, runAsGroup: group, seccompProfile },
    // Or a new volume, which is root's, could not be written to. A copy that is only read stays as it is.
    ...(!readOnly && { fsGroup: group, fsGroupChangePolicy: 'OnRootMismatch' }),
  };
}

/** To the node that has the volume, beside whatever else decides. */
function withNode(affinity: PodTemplate['affinity'], nodeName: string) {
  const before = affinity as { nodeAffinity?: Record<string, unknown> } | undefined;
  const requirement = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] };
  return {
    ...before,
    nodeAffinity: {
      ...before?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [requirement] },
    },
  };
}

function mountsOf({ claimName, mode, readOnly, from }: MoverPod) {
  const own = [
    { name: 'scratch', mountPath: SCRATCH },
    { name: 'scratch', mountPath: '/tmp', subPath: 'tmp' },
    { name: 'scratch', mountPath: '/run', subPath: 'run' },
    { name: 'keys', mountPath: KEYS_FOLDER },
  ];
  if (claimName === undefined) return { volumeMounts: own };
  if (mode === 'Block') {
    const second = from === undefined ? [] : [{ name: 'point', devicePath: SECOND_DEVICE }];
    return { volumeMounts: own, volumeDevices: [{ name: 'volume', devicePath: VOLUME_DEVICE }, ...second] };
  }
  const second = from === undefined ? [] : [{ name: 'point', mountPath: SECOND_FOLDER, readOnly: true }];
  return { volumeMounts: [{ name: 'volume', mountPath: VOLUME_FOLDER, readOnly }, ...second, ...own] };
}

/** What whoever made the resource says of its pods goes before what the operator says of all. */
const withStyle = (template: PodTemplate, style: Style | undefined): PodTemplate => ({
  ...template,
  ...(style?.pod.resources && { resources: style.pod.resources }),
  ...(style?.pod.affinity && { affinity: style.pod.affinity }),
});

export function makeMoverJob(pod: MoverPod, { image, template }: MoverSettings): Job {
  const { name, namespace, labels, annotations, runAs, nodeName, style } = pod;
  const { imagePullPolicy, resources, affinity, ...podTemplate } = withStyle(template, style);
  const ownLabels = { ...template.labels, ...style?.labels, ...labels };
  const { labels: _labels, annotations: templateAnnotations, ...podFields } = podTemplate;
  const metadata = { labels: ownLabels, annotations: { ...templateAnnotations, ...annotations } };
  const isRoot = runAs === undefined;
  const container = {
    image,
    ...(imagePullPolicy && { imagePullPolicy }),
    ...(resources && { resources }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], ...(isRoot && { add: ROOT_CAPABILITIES }) },
    },
  };
  const mounts = mountsOf(pod);
  // Every image knows root.
  const account = isRoot ? undefined : makeAccount(container, SCRATCH);
  return {
    apiVersion: BATCH,
    kind: 'Job',
    metadata: { name, namespace, ...metadata, ...(style && { ownerReferences: [style.owner] }) },
    spec: {
      // One that was lost is not made again behind the agent's back: it asks for another.
      backoffLimit: 0,
      ttlSecondsAfterFinished: GONE_AFTER_SECONDS,
      template: {
        metadata: { ...metadata, labels: { ...style?.pod.labels, ...ownLabels } },
        spec: {
          ...podFields,
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 2,
          ...style?.pod.spec,
          securityContext: { ...podSecurity(runAs, pod.readOnly), ...style?.pod.securityContext },
          ...(nodeName === undefined ? affinity && { affinity } : { affinity: withNode(affinity, nodeName) }),
          ...(account && { initContainers: [account.initContainer] }),
          containers: [
            {
              ...container,
              name: CONTAINER,
              command: ['sh', '-c', KEEP_ALIVE],
              env: [{ name: 'HOME', value: SCRATCH }, ...(style?.pod.env ?? [])],
              ...mounts,
              volumeMounts: [
                ...mounts.volumeMounts,
                ...(account ? [account.volumeMount] : []),
                ...(style?.pod.volumeMounts ?? []),
              ],
            },
          ],
          volumes: [
            ...(pod.claimName === undefined
              ? []
              : [{ name: 'volume', persistentVolumeClaim: { claimName: pod.claimName } }]),
            ...(pod.from === undefined
              ? []
              : [{ name: 'point', persistentVolumeClaim: { claimName: pod.from } }]),
            { name: 'scratch', emptyDir: {} },
            { name: 'keys', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
            ...(account ? [account.volume] : []),
            ...(style?.pod.volumes ?? []),
          ],
        },
      },
    },
  };
}
