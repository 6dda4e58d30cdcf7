/** CSI's controller service: makes volumes and snapshots. */
import { status } from '@grpc/grpc-js';
import { DRIVER, type Format } from '../storage';
import { readFault } from './faults';
import type {
  CreateSnapshotRequest,
  CreateVolumeRequest,
  CreateVolumeResponse,
  ExpandRequest,
  ExpandResponse,
  Snapshot,
  SnapshotRequest,
  VolumeRequest,
} from './messages';
import { hasDisk, type Kind, type Meta, type Pool } from './pool';
import { Refusal } from './refusal';

/** Who made a volume tells which claim it is for by these parameters, as external-provisioner can be told to. */
export const CLAIM_NAME = 'csi.storage.k8s.io/pvc/name';
export const CLAIM_NAMESPACE = 'csi.storage.k8s.io/pvc/namespace';

export type ControllerCapability =
  | 'CREATE_DELETE_VOLUME'
  | 'SINGLE_NODE_MULTI_WRITER'
  | 'CREATE_DELETE_SNAPSHOT'
  | 'LIST_SNAPSHOTS'
  | 'CLONE_VOLUME'
  | 'EXPAND_VOLUME';

const SMALLEST_BYTES = 16 * 2 ** 20;
const DEFAULT_BYTES = 2 ** 30;

export class Controller {
  constructor(
    private readonly driver: string,
    private readonly pool: Pool,
    private readonly faults: string,
  ) {}

  get capabilities(): ControllerCapability[] {
    const plain: ControllerCapability[] = ['CREATE_DELETE_VOLUME', 'SINGLE_NODE_MULTI_WRITER'];
    if (this.driver !== DRIVER) return plain;
    return [...plain, 'CREATE_DELETE_SNAPSHOT', 'LIST_SNAPSHOTS', 'CLONE_VOLUME', 'EXPAND_VOLUME'];
  }

  async createVolume(request: CreateVolumeRequest): Promise<CreateVolumeResponse> {
    const { parameters, volume_content_source: source } = request;
    const claim = `${parameters[CLAIM_NAMESPACE] ?? ''}/${parameters[CLAIM_NAME] ?? ''}`;
    const { provision } = readFault(this.faults, claim);
    if (provision !== undefined) throw new Refusal(status.INTERNAL, provision);
    const from = source ? this.findSource(source) : undefined;
    const asked = Number(request.capacity_range?.required_bytes || DEFAULT_BYTES);
    const wanted = {
      id: request.name,
      bytes: Math.max(asked, SMALLEST_BYTES),
      mode: request.volume_capabilities.some(({ block }) => block) ? 'Block' : 'Filesystem',
      format: (parameters['format'] ?? 'btrfs') as Format,
      claim,
      ...(from && { source: from.meta.id }),
    } as const;
    if (from) checkSource(from.meta, wanted);
    const made = await this.pool.make('v', wanted, from && { kind: from.kind, id: from.meta.id });
    if (made.bytes !== wanted.bytes || made.mode !== wanted.mode)
      throw new Refusal(status.ALREADY_EXISTS, `${made.id} is there, with another size or mode`);
    return {
      volume: { volume_id: made.id, capacity_bytes: made.bytes, ...(source && { content_source: source }) },
    };
  }

  private findSource(source: NonNullable<CreateVolumeRequest['volume_content_source']>): {
    kind: Kind;
    meta: Meta;
  } {
    const kind = source.snapshot ? 's' : 'v';
    const id = source.snapshot?.snapshot_id ?? source.volume?.volume_id ?? '';
    const meta = this.pool.find(kind, id);
    if (!meta)
      throw new Refusal(status.NOT_FOUND, `there is no ${kind === 's' ? 'snapshot' : 'volume'} ${id}`);
    return { kind, meta };
  }

  async deleteVolume({ volume_id }: VolumeRequest): Promise<object> {
    await this.pool.remove('v', volume_id);
    return {};
  }

  async expandVolume({ volume_id, capacity_range }: ExpandRequest): Promise<ExpandResponse> {
    const volume = this.findVolume(volume_id);
    const { expand } = readFault(this.faults, volume.claim);
    if (expand !== undefined) throw new Refusal(status.INTERNAL, expand);
    const bytes = Math.max(Number(capacity_range?.required_bytes ?? 0), volume.bytes);
    await this.pool.grow(volume_id, bytes);
    return { capacity_bytes: bytes, node_expansion_required: hasDisk(volume) };
  }

  async createSnapshot({ name, source_volume_id }: CreateSnapshotRequest): Promise<{ snapshot: Snapshot }> {
    const volume = this.findVolume(source_volume_id);
    const fault = readFault(this.faults, volume.claim);
    if (fault.snapshot !== undefined) throw new Refusal(status.INTERNAL, fault.snapshot);
    const { bytes, mode, format, claim, id } = volume;
    const meta = { id: name, bytes, mode, format, claim, source: id };
    return { snapshot: this.describe(await this.pool.make('s', meta, { kind: 'v', id })) };
  }

  async deleteSnapshot({ snapshot_id }: SnapshotRequest): Promise<object> {
    await this.pool.remove('s', snapshot_id);
    return {};
  }

  async listSnapshots({ snapshot_id }: SnapshotRequest): Promise<{ entries: { snapshot: Snapshot }[] }> {
    const all = this.pool.list('s').filter(({ id }) => snapshot_id === '' || id === snapshot_id);
    return { entries: all.map((meta) => ({ snapshot: this.describe(meta) })) };
  }

  private findVolume(id: string): Meta {
    const meta = this.pool.find('v', id);
    if (!meta) throw new Refusal(status.NOT_FOUND, `there is no volume ${id}`);
    return meta;
  }

  private describe({ id, source = '', bytes, claim, madeAt }: Meta): Snapshot {
    const { isSnapshotNeverReady = false, snapshotReadyAfterMs = 0 } = readFault(this.faults, claim);
    return {
      snapshot_id: id,
      source_volume_id: source,
      size_bytes: bytes,
      ready_to_use: !isSnapshotNeverReady && Date.now() >= madeAt + snapshotReadyAfterMs,
      creation_time: { seconds: Math.floor(madeAt / 1000), nanos: (madeAt % 1000) * 1e6 },
    };
  }
}

function checkSource(source: Meta, wanted: Pick<Meta, 'mode' | 'format' | 'bytes'>): void {
  if (source.mode !== wanted.mode)
    throw new Refusal(
      status.INVALID_ARGUMENT,
      `${source.id} has the mode ${source.mode}, not ${wanted.mode}`,
    );
  if (hasDisk(source) !== hasDisk(wanted))
    throw new Refusal(
      status.INVALID_ARGUMENT,
      `${source.id} has the format ${source.format}, not ${wanted.format}`,
    );
  if (source.bytes > wanted.bytes)
    throw new Refusal(
      status.OUT_OF_RANGE,
      `${source.id} has ${source.bytes} bytes, more than ${wanted.bytes}`,
    );
}
