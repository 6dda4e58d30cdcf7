/** CSI's node service: brings volumes to where the kubelet wants them. */
import { existsSync, mkdirSync, rmdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { status } from '@grpc/grpc-js';
import { detachLoop, listLoops, loopsOver } from '../loops';
import { run } from '../run';
import { DRIVER } from '../storage';
import type { PathRequest, PublishRequest, UnpublishRequest, VolumeRequest } from './messages';
import { bind, isMounted, listMounts, makeReadOnly, mountImage, unmount } from './mounts';
import { type Meta, type Pool } from './pool';
import { Refusal } from './refusal';
import { Turns } from './turns';

type NodeCapability = 'GET_VOLUME_STATS' | 'SINGLE_NODE_MULTI_WRITER' | 'EXPAND_VOLUME';

export class NodeService {
  private readonly turns = new Turns();

  constructor(
    private readonly driver: string,
    private readonly pool: Pool,
  ) {}

  get capabilities(): NodeCapability[] {
    const plain: NodeCapability[] = ['GET_VOLUME_STATS', 'SINGLE_NODE_MULTI_WRITER'];
    return this.driver === DRIVER ? [...plain, 'EXPAND_VOLUME'] : plain;
  }

  async publish(request: PublishRequest): Promise<object> {
    return await this.turns.take(request.volume_id, async () => {
      const { target_path: target, readonly, volume_capability: capability } = request;
      if (isMounted(target)) return {};
      const volume = this.find(request.volume_id);
      mkdirSync(dirname(target), { recursive: true });
      try {
        if (volume.mode === 'Block') await this.publishDevice(volume, target);
        else await this.publishFiles(volume, target);
        if (readonly || capability.access_mode?.mode === 'MULTI_NODE_READER_ONLY') await makeReadOnly(target);
      } catch (error) {
        // What is mounted there counts as done when the call is repeated.
        if (isMounted(target)) await unmount(target);
        throw error;
      }
      return {};
    });
  }

  private async publishDevice({ id }: Meta, target: string): Promise<void> {
    const disk = this.pool.disk(id);
    const [loop] = await listLoops(disk);
    const device =
      loop?.device ?? (await run(['losetup', '--find', '--show', '--direct-io=on', disk])).trim();
    writeFileSync(target, '');
    await bind(device, target);
  }

  private async publishFiles(volume: Meta, target: string): Promise<void> {
    mkdirSync(target, { recursive: true });
    if (volume.format === 'btrfs') return await bind(this.pool.files(volume.id), target);
    await mountImage(this.pool.disk(volume.id), target);
    // One that was made of a smaller snapshot or volume has that one's file system.
    await run(['xfs_growfs', target]);
  }

  /** A device that nobody uses any more is taken down. */
  async unpublish(request: UnpublishRequest): Promise<object> {
    return await this.turns.take(request.volume_id, async () => {
      const { target_path: target, volume_id: id } = request;
      if (isMounted(target)) await unmount(target);
      if (existsSync(target)) {
        if (statSync(target).isDirectory()) rmdirSync(target);
        else rmSync(target);
      }
      if (this.pool.find('v', id)?.mode === 'Block') await this.detachIdle(id);
      return {};
    });
  }

  /** Another node's kubelet may have its own device over it. */
  private async detachIdle(id: string): Promise<void> {
    const all = await listLoops();
    const mounts = listMounts();
    for (const loop of await listLoops(this.pool.disk(id))) {
      const isBound = mounts.some(({ root }) => `/dev${root}` === loop.device);
      if (!isBound && loopsOver([loop], all).length === 0) await detachLoop(loop);
    }
  }

  /** Gives what is in use the size that the volume has: the device, and the file system on it. */
  async expand({ volume_id, volume_path }: PathRequest): Promise<object> {
    return await this.turns.take(volume_id, async () => {
      const { mode, format, bytes } = this.find(volume_id);
      for (const { device } of await listLoops(this.pool.disk(volume_id)))
        await run(['losetup', '--set-capacity', device]);
      if (mode === 'Filesystem' && format === 'xfs') await run(['xfs_growfs', volume_path]);
      return { capacity_bytes: bytes };
    });
  }

  async stats({ volume_id, volume_path }: PathRequest): Promise<object> {
    const volume = this.find(volume_id);
    if (volume.mode === 'Block') return { usage: [{ unit: 'BYTES', total: volume.bytes }] };
    const { blocks, bsize, bavail, bfree, files, ffree } = statfsSync(volume_path);
    return {
      usage: [
        { unit: 'BYTES', total: blocks * bsize, available: bavail * bsize, used: (blocks - bfree) * bsize },
        { unit: 'INODES', total: files, available: ffree, used: files - ffree },
      ],
    };
  }

  private find(id: VolumeRequest['volume_id']): Meta {
    const volume = this.pool.find('v', id);
    if (!volume) throw new Refusal(status.NOT_FOUND, `there is no volume ${id}`);
    return volume;
  }
}
