/** What will not work with a claim, found before anybody needs it. */
import { SNAPSHOTS, STORAGE, type StorageClass, type VolumeSnapshotClass } from '../../hosts/cluster/objects';
import { findStyle } from './find-style';
import { ANNOTATIONS } from './names';
import { findNamespace, type Place } from './place';
import { findMissing } from './workloads';

/** Why movers may not be root in a namespace, and what to do. */
export function explainPrivileged(namespace: string): { message: string; hint: string } {
  return {
    message: `to keep owners and modes of all files, the movers must be root, which namespace ${namespace} does not allow`,
    hint: `allow it: kubectl annotate namespace ${namespace} ${ANNOTATIONS.privileged}=true; or say in the spec as whom to read and write: runAs: "1000:1000"`,
  };
}

export const allowsRoot = (namespace: { metadata: { annotations?: Readonly<Record<string, string>> } }) =>
  namespace.metadata.annotations?.[ANNOTATIONS.privileged] === 'true';

/** Every reason at once. */
export async function findProblems(place: Place): Promise<string[]> {
  const { cluster, namespace, volume } = place;
  const { runAs, storageClass, snapshotClass } = volume.options ?? {};
  const found = await findNamespace(place);
  if (!found)
    return [`there is no namespace ${namespace}; kubectl create namespace ${namespace}, or correct the spec`];
  const problems: string[] = [];
  if (runAs === undefined && !allowsRoot(found) && (await findStyle(place))?.mayBeRoot !== true) {
    const { message, hint } = explainPrivileged(namespace);
    problems.push(`${message}; ${hint}`);
  }
  const isThere = async (apiVersion: string, kind: string, name: string) =>
    (await cluster.api.read<StorageClass | VolumeSnapshotClass>({ apiVersion, kind, metadata: { name } })) !==
    undefined;
  if (storageClass !== undefined && !(await isThere(STORAGE, 'StorageClass', storageClass)))
    problems.push(`there is no StorageClass ${storageClass}; kubectl get storageclass shows what there is`);
  if (snapshotClass !== undefined && !(await isThere(SNAPSHOTS, 'VolumeSnapshotClass', snapshotClass)))
    problems.push(
      `there is no VolumeSnapshotClass ${snapshotClass}; kubectl get volumesnapshotclass shows what there is`,
    );
  for (const workload of await findMissing(place))
    problems.push(
      `there is no ${workload} in namespace ${namespace}; apply its manifests, or correct workloads`,
    );
  return problems;
}
