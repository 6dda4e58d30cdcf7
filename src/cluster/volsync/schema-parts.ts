/** What the schemas of Scribe's and VolSync's resources are made of. Pure. */
import type { StructuralSchema } from '../structural';

export type Properties = Record<string, StructuralSchema>;

export const text = (description: string): StructuralSchema => ({ type: 'string', description });
export const flag = (description: string): StructuralSchema => ({ type: 'boolean', description });
export const instant = (description: string): StructuralSchema => ({
  ...text(description),
  format: 'date-time',
});
export const number = (description: string): StructuralSchema => ({
  ...{ type: 'integer', format: 'int32', description },
});
export const object = (
  description: string,
  properties: Properties,
  required: readonly string[] = [],
): StructuralSchema => ({
  ...{ type: 'object', description, properties },
  ...(required.length > 0 && { required }),
});
export const texts = (description: string): StructuralSchema => ({
  ...{ type: 'object', description },
  additionalProperties: { type: 'string' },
});
export const list = (description: string, items: StructuralSchema): StructuralSchema => ({
  ...{ type: 'array', description, items },
});

/** As Kubernetes itself writes and checks amounts. */
const QUANTITY: StructuralSchema = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern: String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`,
  'x-kubernetes-int-or-string': true,
};
export const quantity = (description: string): StructuralSchema => ({ description, ...QUANTITY });

/** An object of Kubernetes' own, of which only what is named here is checked. */
const foreign = (description: string, properties: Properties): StructuralSchema => ({
  ...object(description, properties),
  'x-kubernetes-preserve-unknown-fields': true,
});

export const accessModes = (description: string): StructuralSchema => ({
  ...list(description, { type: 'string' }),
  minItems: 1,
});

export const port = (description: string): StructuralSchema => ({
  ...{ ...number(description), minimum: 0, maximum: 65535 },
});

const id: StructuralSchema = { type: 'integer', format: 'int64' };
const amounts: StructuralSchema = { type: 'object', additionalProperties: QUANTITY };
const anyObject = (): StructuralSchema => foreign('As a pod has it.', {});

/** Of movers that may be told nothing else. */
export const FEW_MOVER_OPTIONS: Properties = {
  moverPodLabels: texts("Further labels of the mover's pod."),
  moverResources: object("Of the mover's container.", {
    claims: list('As a container has them.', anyObject()),
    limits: amounts,
    requests: amounts,
  }),
  moverServiceAccount: text("The service account of the mover's pod."),
};

export const MOVER_OPTIONS: Properties = {
  ...FEW_MOVER_OPTIONS,
  moverAffinity: foreign('As a pod has it.', {
    nodeAffinity: anyObject(),
    podAffinity: anyObject(),
    podAntiAffinity: anyObject(),
  }),
  moverSecurityContext: foreign("The security context of the mover's pod.", {
    runAsUser: id,
    runAsGroup: id,
    fsGroup: id,
    runAsNonRoot: { type: 'boolean' },
    fsGroupChangePolicy: { type: 'string' },
    supplementalGroups: { type: 'array', items: id },
  }),
  moverVolumes: list(
    "Further volumes of the mover's pod.",
    object(
      'One of them.',
      {
        mountPath: text('Mounted at /mnt/ and this.'),
        volumeSource: foreign('What is mounted.', {
          nfs: anyObject(),
          persistentVolumeClaim: anyObject(),
          secret: anyObject(),
        }),
      },
      ['mountPath', 'volumeSource'],
    ),
  ),
};

export const CUSTOM_CA: Properties = {
  customCA: object('A certificate authority that the remote side is checked by.', {
    configMapName: text('The ConfigMap that has it.'),
    secretName: text('The Secret that has it.'),
    key: text('Under which key.'),
  }),
};

export const CACHE: Properties = {
  cacheAccessModes: list('Of the PVC that is the cache.', { type: 'string' }),
  cacheCapacity: quantity('Of the PVC that is the cache.'),
  cacheStorageClassName: text('Of the PVC that is the cache.'),
};

/** What is frozen, and how; of a destination also the PVC that is brought up to date. */
export function volumeOptions(copyMethods: readonly string[], isSource: boolean): Properties {
  const what = isSource ? 'Of the copy that is read; left out: as the source PVC has it.' : 'Of the PVC.';
  return {
    accessModes: accessModes(what),
    capacity: quantity(what),
    copyMethod: {
      ...text(isSource ? 'How the source is frozen.' : 'How the destination is frozen after each sync.'),
      enum: copyMethods,
    },
    storageClassName: text(what),
    volumeSnapshotClassName: text('Of the snapshot.'),
  };
}

export const TEXT_OF_SSH: Properties = {
  address: text('Where the other side listens.'),
  path: text('Not used.'),
  port: port('The port that the other side listens at; left out: 22.'),
  serviceType: text('Of the Service that the other side connects to.'),
  sshKeys: text('The Secret with keys of this and the other side; left out: they are made.'),
  sshUser: text('Not used: always root.'),
};

export const RCLONE: Properties = {
  rcloneConfig: text('The Secret that has rclone.conf.'),
  rcloneConfigSection: text('The remote in it.'),
  rcloneDestPath: text('The bucket, and the path in it.'),
};

export const EXTERNAL = object('Replicated by somebody else: it is left alone.', {
  parameters: texts('For them.'),
  provider: text('Who they are.'),
});
