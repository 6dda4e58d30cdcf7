/** Buckets, each with its source and an agent. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reservePorts } from '../hosts/ports';
import {
  addRcloneToPath,
  type Served,
  serveS3,
  serveVersity,
  serveWebdav,
  writeConfig,
} from '../stores/rclone';
import { StoreRig } from './store-rig';

/** What a suite is run on: a folder, or what a store is served by. */
export const STORES = {
  folder: undefined,
  S3: serveS3,
  'S3 of another making': serveVersity,
  WebDAV: serveWebdav,
};
export type StoreName = keyof typeof STORES;

/** One more S3, of another making, is for `npm run chaos`: it takes minutes to build. */
export const STORE_NAMES = (Object.keys(STORES) as StoreName[]).filter(
  (name) => name !== 'S3 of another making' || process.env.TIDEMARK_CHAOS_CELLS === 'all',
);

export interface BucketStage {
  folder: string;
  /** Of this test's own in the folder. */
  name: string;
  rig: StoreRig;
  /** Undefined for a folder. */
  served: Served | undefined;
}

/** A folder of one suite's own, and in it a bucket of each test's own. To be called once, before the tests. */
export function useBuckets(store: StoreName): BucketStage {
  const stage = {} as BucketStage;
  let count = 0;
  beforeAll(async () => {
    addRcloneToPath();
    stage.folder = await mkdtemp(join(tmpdir(), 'tidemark-bucket-'));
    await chmod(stage.folder, 0o755);
    stage.served = await STORES[store]?.(join(stage.folder, 'served'), (await reservePorts(1))[0] ?? 0);
    if (stage.served) await writeConfig(join(stage.folder, 'credentials'), 'good', stage.served.config);
  });
  afterAll(async () => {
    await stage.served?.stop();
    await rm(stage.folder, { recursive: true, force: true, maxRetries: 5 });
  });
  beforeEach(async () => {
    const name = String(++count);
    stage.name = name;
    stage.rig = await StoreRig.make(stage.folder, name, (at) =>
      stage.served
        ? { kind: 'bucket', path: `store:company/${name}`, options: { credentials: 'good' } }
        : { kind: 'bucket', path: join(at, 'bucket'), options: {} },
    );
  });
  return stage;
}
