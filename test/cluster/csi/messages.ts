/** The parts of CSI's messages that the driver reads and writes, as proto-loader gives them with `keepCase`. */

export interface VolumeCapability {
  block?: object | null;
  mount?: { mount_flags: string[] } | null;
  access_mode?: { mode: string } | null;
}

export interface ContentSource {
  snapshot?: { snapshot_id: string };
  volume?: { volume_id: string };
}

export interface CreateVolumeRequest {
  name: string;
  capacity_range?: { required_bytes: number } | null;
  volume_capabilities: VolumeCapability[];
  parameters: Record<string, string>;
  volume_content_source?: ContentSource | null;
}

export interface CreateVolumeResponse {
  volume: { volume_id: string; capacity_bytes: number; content_source?: ContentSource };
}

export interface VolumeRequest {
  volume_id: string;
}

export interface ExpandRequest extends VolumeRequest {
  capacity_range?: { required_bytes: number } | null;
}

export interface ExpandResponse {
  capacity_bytes: number;
  node_expansion_required: boolean;
}

export interface CreateSnapshotRequest {
  source_volume_id: string;
  name: string;
}

export interface SnapshotRequest {
  snapshot_id: string;
}

export interface Snapshot {
  snapshot_id: string;
  source_volume_id: string;
  size_bytes: number;
  ready_to_use: boolean;
  creation_time: { seconds: number; nanos: number };
}

export interface UnpublishRequest extends VolumeRequest {
  target_path: string;
}

export interface PublishRequest extends UnpublishRequest {
  /** The pod says so; what the claim's access modes say is in the capability. */
  readonly: boolean;
  volume_capability: VolumeCapability;
}

export interface PathRequest extends VolumeRequest {
  volume_path: string;
}
