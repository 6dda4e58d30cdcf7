/** Makes the volumes that claims ask for, and removes those that were released: what external-provisioner does. */
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from '@kubernetes/client-node';
import { CLAIM_NAME, CLAIM_NAMESPACE, type Controller } from './controller';
import type { Events } from './events';
import { formatQuantity, isCode, keyOf, parseQuantity, Watched, type Clients } from './kubernetes';
import { log } from './log';
import type { ContentSource } from './messages';
import { Queue } from './queue';
import { wordError } from './refusal';

const SNAPSHOTS = { group: 'snapshot.storage.k8s.io', version: 'v1' };
const PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

interface VolumeSnapshot {
  status?: { readyToUse?: boolean; boundVolumeSnapshotContentName?: string };
}
interface VolumeSnapshotContent {
  status?: { snapshotHandle?: string };
}

export class Provisioner {
  private readonly claims = new Queue('provisioning', (key) => this.provision(key));
  private readonly volumes = new Queue('reclaiming', (key) => this.reclaim(key));
  readonly watchedClaims: Watched<V1PersistentVolumeClaim>;
  readonly watchedVolumes: Watched<V1PersistentVolume>;

  /** @param onChange is called with the key of each claim that changed */
  constructor(
    private readonly driver: string,
    private readonly clients: Clients,
    private readonly controller: Controller,
    private readonly events: Events,
    onChange: (key: string) => void,
  ) {
    const { core } = clients;
    this.watchedClaims = new Watched(
      clients,
      '/api/v1/persistentvolumeclaims',
      () => core.listPersistentVolumeClaimForAllNamespaces(),
      (claim) => {
        this.claims.add(keyOf(claim));
        onChange(keyOf(claim));
      },
    );
    this.watchedVolumes = new Watched(
      clients,
      '/api/v1/persistentvolumes',
      () => core.listPersistentVolume(),
      (volume) => this.volumes.add(keyOf(volume)),
    );
  }

  start(): void {
    this.watchedClaims.start();
    this.watchedVolumes.start();
  }

  private async provision(key: string): Promise<void> {
    const claim = this.watchedClaims.get(key);
    const { annotations, deletionTimestamp } = claim?.metadata ?? {};
    if (!claim || deletionTimestamp || claim.spec?.volumeName || annotations?.[PROVISIONER] !== this.driver)
      return;
    const name = claim.spec?.storageClassName ?? '';
    const storageClass = await this.clients.storage.readStorageClass({ name });
    // Told of again once the scheduler has chosen.
    if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && !annotations[SELECTED_NODE]) return;
    // Another kind is a volume populator's, who makes a claim of its own.
    if (!isSourceOurs(claim)) return;
    await this.events.tell(
      claim,
      'Normal',
      'Provisioning',
      `External provisioner is provisioning volume for claim "${key}"`,
    );
    try {
      const volume = await this.makeVolume(claim, storageClass);
      await this.events.tell(
        claim,
        'Normal',
        'ProvisioningSucceeded',
        `Successfully provisioned volume ${volume}`,
      );
    } catch (error) {
      const message = `failed to provision volume with StorageClass "${name}": ${(error as Error).message}`;
      await this.events.tell(claim, 'Warning', 'ProvisioningFailed', message);
      throw error;
    }
  }

  private async makeVolume(claim: V1PersistentVolumeClaim, storageClass: V1StorageClass): Promise<string> {
    const { spec, metadata } = claim;
    const { namespace = '', name: claimName = '', uid = '', resourceVersion = '' } = metadata ?? {};
    const name = `pvc-${uid}`;
    const source = await this.findSource(claim);
    const request = {
      name,
      capacity_range: { required_bytes: parseQuantity(spec?.resources?.requests?.['storage']) },
      volume_capabilities: [spec?.volumeMode === 'Block' ? { block: {} } : { mount: { mount_flags: [] } }],
      parameters: { ...storageClass.parameters, [CLAIM_NAMESPACE]: namespace, [CLAIM_NAME]: claimName },
      ...(source && { volume_content_source: source }),
    };
    const { volume } = await this.controller.createVolume(request).catch((error: unknown) => {
      throw new Error(wordError(error), { cause: error });
    });
    const body: V1PersistentVolume = {
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': this.driver } },
      spec: {
        capacity: { storage: formatQuantity(volume.capacity_bytes) },
        accessModes: spec?.accessModes ?? [],
        volumeMode: spec?.volumeMode ?? 'Filesystem',
        storageClassName: storageClass.metadata?.name ?? '',
        persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
        ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          namespace,
          name: claimName,
          uid,
          resourceVersion,
        },
        csi: { driver: this.driver, volumeHandle: volume.volume_id },
      },
    };
    await this.clients.core.createPersistentVolume({ body }).catch((error: unknown) => {
      if (!isCode(error, 409)) throw error;
    });
    log(`made ${name} for ${namespace}/${claimName}`);
    return name;
  }

  private async findSource(claim: V1PersistentVolumeClaim): Promise<ContentSource | undefined> {
    const { namespace = '' } = claim.metadata ?? {};
    const source = claim.spec?.dataSource;
    if (!source) return undefined;
    const can = this.controller.capabilities;
    const isSnapshot = source.kind === 'VolumeSnapshot';
    const wanted = isSnapshot ? 'CREATE_DELETE_SNAPSHOT' : 'CLONE_VOLUME';
    if (!can.includes(wanted)) {
      const what = isSnapshot ? 'snapshot restore' : 'clone operations';
      throw new Error(
        `CSI driver does not support ${what}: controller ${wanted} capability is not supported`,
      );
    }
    try {
      const id = await (isSnapshot
        ? this.findSnapshot(namespace, source.name)
        : this.findVolume(namespace, source.name));
      return isSnapshot ? { snapshot: { snapshot_id: id } } : { volume: { volume_id: id } };
    } catch (error) {
      const why = `error getting handle for DataSource Type ${source.kind} by Name ${source.name}`;
      throw new Error(`${why}: ${(error as Error).message}`, { cause: error });
    }
  }

  private async findSnapshot(namespace: string, name: string): Promise<string> {
    const { custom } = this.clients;
    const found = { ...SNAPSHOTS, namespace, plural: 'volumesnapshots', name };
    const snapshot = (await custom.getNamespacedCustomObject(found)) as VolumeSnapshot;
    const content = snapshot.status?.boundVolumeSnapshotContentName;
    if (!snapshot.status?.readyToUse || content === undefined)
      throw new Error(`snapshot ${name} is not Ready`);
    const contents = { ...SNAPSHOTS, plural: 'volumesnapshotcontents', name: content };
    const { status } = (await custom.getClusterCustomObject(contents)) as VolumeSnapshotContent;
    if (status?.snapshotHandle === undefined) throw new Error(`snapshot content ${content} has no handle`);
    return status.snapshotHandle;
  }

  private async findVolume(namespace: string, name: string): Promise<string> {
    const { core } = this.clients;
    const claim = await core.readNamespacedPersistentVolumeClaim({ namespace, name });
    const volumeName = claim.spec?.volumeName;
    if (claim.status?.phase !== 'Bound' || volumeName === undefined)
      throw new Error(`the PVC ${name} is not bound`);
    const { spec } = await core.readPersistentVolume({ name: volumeName });
    if (spec?.csi?.driver !== this.driver) throw new Error(`the PVC ${name} is of another driver`);
    return spec.csi.volumeHandle;
  }

  private async reclaim(key: string): Promise<void> {
    const volume = this.watchedVolumes.get(key);
    const { csi, persistentVolumeReclaimPolicy: policy } = volume?.spec ?? {};
    const isOver = volume?.status?.phase === 'Released' && !volume.metadata?.deletionTimestamp;
    if (csi?.driver !== this.driver || !isOver || policy !== 'Delete') return;
    await this.controller.deleteVolume({ volume_id: csi.volumeHandle });
    await this.clients.core.deletePersistentVolume({ name: key }).catch((error: unknown) => {
      if (!isCode(error, 404)) throw error;
    });
    log(`removed ${key}`);
  }
}

function isSourceOurs({ spec }: V1PersistentVolumeClaim): boolean {
  const source = spec?.dataSourceRef ?? spec?.dataSource;
  if (!source) return true;
  if (source.kind === 'VolumeSnapshot') return source.apiGroup === SNAPSHOTS.group;
  return source.kind === 'PersistentVolumeClaim' && !source.apiGroup;
}
