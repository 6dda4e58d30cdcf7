/** Buckets in VolSync's layout, each with its source, an agent, and movers of VolSync's beside it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rclone } from '../stores/rclone';
import type { VolSyncMover } from '../stores/volsync-mover';
import { type BucketStage, type StoreName, useBuckets } from './bucket-rig';

export interface VolSyncStage extends BucketStage {
  /** A path in the rig's source. */
  source: (...names: string[]) => string;
  /** rclone as anybody else would run it. */
  others: (...args: string[]) => Promise<string>;
  /** A key of the bucket, as rclone takes it. */
  at: (key: string) => string;
  /** Has somebody else put an object there. */
  put: (key: string, text: string) => Promise<void>;
  /** A mover of VolSync's that works with this bucket, by a volume of its own. */
  mover: (name: string) => VolSyncMover;
}

/** To be called once, before the tests. */
export function useVolSyncBuckets(store: StoreName): VolSyncStage {
  const stage = useBuckets(store) as VolSyncStage;
  const config = () => stage.served?.config ?? '';
  stage.source = (...names) => join(stage.rig.source, ...names);
  stage.others = (...args) => rclone(stage.folder, config(), ...args);
  stage.at = (key) => `${stage.rig.volume.path}/${key}`;
  stage.put = async (key, text) => {
    await writeFile(join(stage.folder, 'strange'), text);
    await stage.others('copyto', '--ignore-times', join(stage.folder, 'strange'), stage.at(key));
  };
  stage.mover = (name) => ({
    ...{ remote: stage.rig.volume.path, config: config() },
    volume: join(stage.folder, `volsync-${stage.name}-${name}`, 'data'),
  });
  beforeEach(() => {
    const { volume } = stage.rig;
    stage.rig.volume = { ...volume, options: { ...volume.options, layout: 'volsync' } };
  });
  return stage;
}
