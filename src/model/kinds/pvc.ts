import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';

/** A PersistentVolumeClaim of a Kubernetes cluster. */
export const pvc = {
  endpoint: ({ claim }: SpecValues) =>
    claim.describe(
      'The volume: a PersistentVolumeClaim of the cluster that this host is, as `NAMESPACE/NAME`.',
    ),
  options: {
    capacity: ({ quantity }: SpecValues) =>
      quantity
        .optional()
        .describe(
          'Of a target: how large its claim is made, or grows, at the least; by default as large as the source. Of a source: how large the copy is that is read.',
        ),
    accessModes: ({ z }: SpecValues) =>
      z
        .array(z.enum(['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod']))
        .min(1)
        .optional()
        .describe('Of a claim that is made here: the target, or the copy of a source that is read.'),
    storageClass: ({ objectName }: SpecValues) =>
      objectName
        .optional()
        .describe(
          "Of a claim that is made here; by default the cluster's own, and of a source's copy the source's.",
        ),
    snapshotClass: ({ objectName }: SpecValues) =>
      objectName
        .optional()
        .describe('The VolumeSnapshotClass; by default the default one of the driver that holds the volume.'),
    runAs: ({ z }: SpecValues) =>
      z
        .string()
        .regex(
          /^\d{1,10}(:\d{1,10})?$/,
          'must be the number of a user, or of user and group: 1000, 1000:2000',
        )
        .optional()
        .describe(
          'User and group of the pods that read and write it: `1000:1000`. What that user can not keep is counted and named. Left out: root, which the namespace must allow.',
        ),
    madeFor: ({ z }: SpecValues) =>
      z
        .string()
        .regex(
          /^(volsync|scribe)\.backube\/v1alpha1\/Replication(Source|Destination)\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
          'must be volsync.backube/v1alpha1/ReplicationSource/NAME, or the like',
        )
        .optional()
        .describe(
          'A resource of VolSync in its namespace that says how the movers’ pods are made: with its names, labels, rights and volumes. Set by the agent that serves these resources.',
        ),
    workloads: ({ z }: SpecValues) =>
      z
        .array(
          z
            .string()
            .regex(
              /^(deployment|statefulset|replicaset)\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
              'must be deployment/NAME, statefulset/NAME or replicaset/NAME',
            ),
        )
        .optional()
        .describe(
          'What uses the volume, in its namespace: scaled down to nothing where it stops being the primary, and up again where it becomes that.',
        ),
  },
  // Files by rsync, a raw volume as the device that it is; or somebody else writes to it.
  movers: ['rsync', 'block', 'push'],
  // A namespace and a name: none lies inside another.
  locate: (id: string) => ({ family: 'pvc', path: `/${id}`, noun: 'volume' }),
  isFolder: false,
  files: 'known-to-tool',
  isWrittenInPlace: true,
  isReadFrozen: true,
  hasJobs: true,
  hasTrees: true,
} as const satisfies KindDeclaration;
