/** Grows the volumes of claims that ask for more: what external-resizer does. */
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import type { Controller } from './controller';
import type { Events } from './events';
import { MERGE_PATCH, parseQuantity, type Clients, type Watched } from './kubernetes';
import { log } from './log';
import { wordError } from './refusal';

/** The kubelet takes it from there, and removes the condition and the state. */
const NODE_STATES = ['NodeResizePending', 'NodeResizeInProgress'];

export class Resizer {
  constructor(
    private readonly driver: string,
    private readonly clients: Clients,
    private readonly controller: Controller,
    private readonly events: Events,
    private readonly claims: Watched<V1PersistentVolumeClaim>,
  ) {}

  /** @param key of a claim */
  async resize(key: string): Promise<void> {
    const claim = this.claims.get(key);
    const name = claim?.spec?.volumeName;
    if (!claim || name === undefined || claim.status?.phase !== 'Bound' || claim.metadata?.deletionTimestamp)
      return;
    const asked = claim.spec?.resources?.requests?.['storage'] ?? '0';
    if (parseQuantity(asked) <= parseQuantity(claim.status.capacity?.['storage'])) return;
    if (NODE_STATES.includes(claim.status.allocatedResourceStatuses?.['storage'] ?? '')) return;
    const volume = await this.clients.core.readPersistentVolume({ name });
    if (volume.spec?.csi?.driver !== this.driver || !this.controller.capabilities.includes('EXPAND_VOLUME'))
      return;
    await this.events.tell(claim, 'Normal', 'Resizing', `External resizer is resizing volume ${name}`);
    await this.setStatus(claim, 'Resizing', 'ControllerResizeInProgress', asked);
    const needsNode = await this.expand(claim, volume, asked);
    if (needsNode) {
      await this.setStatus(claim, 'FileSystemResizePending', 'NodeResizePending', asked);
      const message = 'Require file system resize of volume on node';
      await this.events.tell(claim, 'Normal', 'FileSystemResizeRequired', message);
    } else {
      await this.patchStatus(claim, {
        capacity: { storage: asked },
        conditions: [],
        allocatedResourceStatuses: null,
      });
      await this.events.tell(claim, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded');
    }
    log(`grew ${name} to ${asked}`);
  }

  /** Whether the node has something to do. */
  private async expand(
    claim: V1PersistentVolumeClaim,
    volume: V1PersistentVolume,
    asked: string,
  ): Promise<boolean> {
    const name = volume.metadata?.name ?? '';
    const request = {
      volume_id: volume.spec?.csi?.volumeHandle ?? '',
      capacity_range: { required_bytes: parseQuantity(asked) },
    };
    try {
      const { node_expansion_required } = await this.controller.expandVolume(request);
      const body = { spec: { capacity: { storage: asked } } };
      await this.clients.core.patchPersistentVolume({ name, body }, MERGE_PATCH);
      return node_expansion_required;
    } catch (error) {
      const message = `resize volume "${name}" by resizer "${this.driver}" failed: ${wordError(error)}`;
      await this.events.tell(claim, 'Warning', 'VolumeResizeFailed', message);
      throw error;
    }
  }

  private async setStatus(
    claim: V1PersistentVolumeClaim,
    type: string,
    state: string,
    asked: string,
  ): Promise<void> {
    const condition = { type, status: 'True', lastTransitionTime: new Date().toISOString() };
    await this.patchStatus(claim, {
      conditions: [condition],
      allocatedResources: { storage: asked },
      allocatedResourceStatuses: { storage: state },
    });
  }

  private async patchStatus({ metadata }: V1PersistentVolumeClaim, status: object): Promise<void> {
    const { namespace = '', name = '' } = metadata ?? {};
    const { core } = this.clients;
    await core.patchNamespacedPersistentVolumeClaimStatus({ namespace, name, body: { status } }, MERGE_PATCH);
  }
}
