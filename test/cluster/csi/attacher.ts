/**
 * Attaches volumes to nodes: what external-attacher does. There is nothing to do for it but to say so, and to refuse
 * what a disk of a cloud would refuse: to be on two nodes at once, where its access modes do not allow for that.
 */
import type { V1VolumeAttachment } from '@kubernetes/client-node';
import { status } from '@grpc/grpc-js';
import { MERGE_PATCH, keyOf, Watched, type Clients } from './kubernetes';
import { Queue } from './queue';
import { Refusal, wordError } from './refusal';

const SINGLE_NODE = ['ReadWriteOnce', 'ReadWriteOncePod'];

export class Attacher {
  private readonly queue = new Queue('attaching', (key) => this.attach(key));
  private readonly attachments: Watched<V1VolumeAttachment>;

  constructor(
    private readonly driver: string,
    private readonly clients: Clients,
  ) {
    const list = () => clients.storage.listVolumeAttachment();
    const path = '/apis/storage.k8s.io/v1/volumeattachments';
    this.attachments = new Watched(clients, path, list, (attachment) => this.queue.add(keyOf(attachment)));
  }

  start(): void {
    this.attachments.start();
  }

  private async attach(name: string): Promise<void> {
    const attachment = this.attachments.get(name);
    if (attachment?.spec.attacher !== this.driver || attachment.status?.attached) return;
    if (attachment.metadata?.deletionTimestamp) return;
    try {
      await this.checkAlone(attachment);
      await this.patch(name, { attached: true, attachError: null });
    } catch (error) {
      const attachError = { message: wordError(error), time: new Date().toISOString() };
      await this.patch(name, { attached: false, attachError });
      throw error;
    }
  }

  private async checkAlone({ spec }: V1VolumeAttachment): Promise<void> {
    const name = spec.source.persistentVolumeName ?? '';
    const other = this.attachments
      .list()
      .find((each) => each.spec.source.persistentVolumeName === name && each.spec.nodeName !== spec.nodeName);
    if (!other?.status?.attached) return;
    const volume = await this.clients.core.readPersistentVolume({ name });
    if (!(volume.spec?.accessModes ?? []).every((mode) => SINGLE_NODE.includes(mode))) return;
    throw new Refusal(
      status.FAILED_PRECONDITION,
      `volume ${name} is attached to node ${other.spec.nodeName}`,
    );
  }

  private async patch(name: string, state: object): Promise<void> {
    await this.clients.storage.patchVolumeAttachmentStatus({ name, body: { status: state } }, MERGE_PATCH);
  }
}
