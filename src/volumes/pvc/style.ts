/**
 * How objects look that are made for a ReplicationSource or ReplicationDestination of VolSync: named, labelled and owned as
 * VolSync's own are, since people's policies and scripts match on that. Pure.
 */
import type { ClusterObject, OwnerReference } from '../../hosts/cluster/objects';
import { captureName, jobName, type Method, METHODS } from './made-names';
import { ANNOTATIONS } from './names';

const CREATED_BY = { 'app.kubernetes.io/created-by': 'volsync' } as const;
/** Of a namespace: movers may be root in it. */
const PRIVILEGED = 'volsync.backube/privileged-movers';
/** Of a snapshot: whoever removes the resource leaves it. */
export const DO_NOT_DELETE = 'volsync.backube/do-not-delete';

/** Of a claim: nothing of anybody else's was ever in it. */
export const MADE_BY_US = { [ANNOTATIONS.made]: 'tidemark' } as const;
const MANAGED_BY = 'app.kubernetes.io/managed-by';
/** What is added to a mover's pod. As its manifest has it. */
export interface PodStyle {
  labels: Record<string, string>;
  securityContext: Record<string, unknown>;
  /** Of its spec: the service account. */
  spec: Record<string, unknown>;
  affinity?: Readonly<Record<string, unknown>>;
  resources?: Readonly<Record<string, unknown>>;
  env: object[];
  volumes: object[];
  volumeMounts: object[];
}

export interface Style {
  owner: OwnerReference;
  labels: Record<string, string>;
  /** The Job of a mover. */
  job: string;
  /** A frozen copy of the source: snapshot and claim alike. */
  capture: string;
  /** The snapshot that its status names. */
  image?: string;
  /** Its movers may be root. */
  mayBeRoot: boolean;
  pod: PodStyle;
}

/** What of a method is about its movers' pods. */
interface MoverFields {
  moverSecurityContext?: Record<string, unknown>;
  moverServiceAccount?: string;
  moverAffinity?: Readonly<Record<string, unknown>>;
  moverResources?: Readonly<Record<string, unknown>>;
  moverPodLabels?: Record<string, string>;
  moverVolumes?: readonly { mountPath: string; volumeSource: Record<string, unknown> }[];
  customCA?: { secretName?: string; configMapName?: string; key?: string };
}

interface Styled extends ClusterObject {
  spec?: Partial<Record<Method, MoverFields>>;
  status?: { latestImage?: { kind: string; name: string } };
}

const CA_FOLDER = '/customCA';
/** Which variable names a file with the certificates of those who vouch for the store. */
const CA_VARIABLES: Partial<Record<Method, string>> = {
  restic: 'RESTIC_CACERT',
  rclone: 'RCLONE_CA_CERT',
};

/** rsync by SSH is root always, as VolSync's is; the others where the namespace allows it. */
export const mayBeRoot = (
  method: Method | undefined,
  namespaceAnnotations: Readonly<Record<string, string>> = {},
): boolean => method === 'rsync' || namespaceAnnotations[PRIVILEGED] === 'true';

/** The one method that a resource has; undefined where it has none, or several. */
export function methodOf({ spec }: Styled): Method | undefined {
  const found = METHODS.filter((method) => spec?.[method] !== undefined);
  return found.length === 1 ? found[0] : undefined;
}

/** Movers that may be root are that, whoever else is named: so it is with VolSync's. */
function withoutUser(context: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { runAsUser: _user, runAsGroup: _group, runAsNonRoot: _not, ...others } = context;
  return others;
}

/** Of an `rclone`, `restic` or TLS mover; the source of a `moverVolumes` is a claim, a Secret, or NFS. */
function volumeFrom({ volumeSource }: NonNullable<MoverFields['moverVolumes']>[number]): object {
  const { secret, persistentVolumeClaim, nfs } = volumeSource;
  return {
    ...(secret !== undefined && { secret }),
    ...(persistentVolumeClaim !== undefined && { persistentVolumeClaim }),
    ...(nfs !== undefined && { nfs }),
  };
}

function certificatesOf(method: Method | undefined, { customCA }: MoverFields) {
  const { secretName, configMapName, key } = customCA ?? {};
  const variable = method && CA_VARIABLES[method];
  if (
    variable === undefined ||
    key === undefined ||
    (secretName === undefined) === (configMapName === undefined)
  )
    return { env: [], volumes: [], volumeMounts: [] };
  const items = [{ key, path: 'ca.crt' }];
  const source =
    secretName === undefined
      ? { configMap: { name: configMapName, items } }
      : { secret: { secretName, items } };
  return {
    env: [{ name: variable, value: `${CA_FOLDER}/ca.crt` }],
    volumes: [{ name: 'custom-ca', ...source }],
    volumeMounts: [{ name: 'custom-ca', mountPath: CA_FOLDER, readOnly: true }],
  };
}

/** @param namespaceAnnotations of its namespace */
export function styleOf(
  resource: Styled,
  namespaceAnnotations: Readonly<Record<string, string>> | undefined,
): Style {
  const { apiVersion, kind, metadata } = resource;
  const { latestImage } = resource.status ?? {};
  const method = methodOf(resource);
  const fields = (method && resource.spec?.[method]) ?? {};
  const certificates = certificatesOf(method, fields);
  const moverVolumes = fields.moverVolumes ?? [];
  const nameOf = (index: number) => `mover-volume-${index}`;
  const isRoot = mayBeRoot(method, namespaceAnnotations);
  const { moverServiceAccount, moverAffinity, moverResources } = fields;
  return {
    owner: {
      ...{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' },
      ...{ controller: true, blockOwnerDeletion: true },
    },
    labels: { ...CREATED_BY },
    job: jobName(resource, method),
    capture: captureName(resource),
    ...(latestImage?.kind === 'VolumeSnapshot' && { image: latestImage.name }),
    mayBeRoot: isRoot,
    pod: {
      labels: { ...fields.moverPodLabels, ...CREATED_BY },
      securityContext: isRoot
        ? withoutUser(fields.moverSecurityContext)
        : (fields.moverSecurityContext ?? {}),
      spec: {
        ...(moverServiceAccount !== undefined && {
          serviceAccountName: moverServiceAccount,
          automountServiceAccountToken: true,
        }),
      },
      ...(moverAffinity && { affinity: moverAffinity }),
      ...(moverResources && { resources: moverResources }),
      env: certificates.env,
      volumes: [
        ...moverVolumes.map((each, index) => ({ name: nameOf(index), ...volumeFrom(each) })),
        ...certificates.volumes,
      ],
      volumeMounts: [
        ...moverVolumes.map(({ mountPath }, index) => ({
          name: nameOf(index),
          mountPath: `/mnt/${mountPath}`,
        })),
        ...certificates.volumeMounts,
      ],
    },
  };
}

/** The change that makes a snapshot its owners' alone: no label or annotation by which anything of ours would find it. */
export function release(
  { metadata: { labels = {}, annotations = {}, ownerReferences = [] } }: ClusterObject,
  ownerUid: string,
): object {
  const isOurs = (key: string) => key.startsWith('tidemark.dev/') || key in CREATED_BY || key === MANAGED_BY;
  const without = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.keys(values).flatMap((key) => (isOurs(key) ? [[key, null]] : [])));
  return {
    metadata: {
      labels: without(labels),
      annotations: without(annotations),
      ownerReferences: ownerReferences.filter(({ uid }) => uid !== ownerUid),
    },
  };
}
