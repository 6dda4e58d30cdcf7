/** Stores of images of Podman's, one for each host. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageStore } from '../../support/storage/image-stores';
import { HOSTS } from './hosts';
import { type Content, Storage, type SyncedTarget } from './storage';

/** Of each layer. Every image has two, and the lower one is the same in all. */
const LAYER_BYTES = 100_000;
const registry = (name: string) => `registry.example/team/${name}:v1`;

export class Images extends Storage {
  protected readonly kind = 'image';

  private constructor(
    readonly ownFolder: string,
    private readonly stores: ReadonlyMap<string, ImageStore>,
  ) {
    super();
  }

  static async make(): Promise<Images> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-crash-'));
    const stores = new Map<string, ImageStore>();
    for (const host of HOSTS) stores.set(host, await ImageStore.make('podman', folder));
    return new Images(folder, stores);
  }

  private store(host: string): ImageStore {
    const store = this.stores.get(host);
    if (!store) throw new Error(`there is no store of ${host}`);
    return store;
  }

  protected place(host: string): string {
    return this.store(host).volume.path;
  }

  create(): Promise<void> {
    return Promise.resolve();
  }

  /** A new image under a name that may have had another one, a second name for it, and a name that goes. */
  async change(host: string, number: number): Promise<void> {
    const store = this.store(host);
    const name = registry(`wiki-${number % 4}`);
    await store.add(name, ['base', `${number} at ${host}`], { bytes: LAYER_BYTES });
    await store.tag(name, registry('latest'));
    const old = registry(`wiki-${(number + 2) % 4}`);
    if (old in (await store.userNames())) await store.remove(old);
  }

  async content(host: string): Promise<Content> {
    const store = this.store(host);
    const content = new Map(Object.entries(await store.userNames()));
    for (const id of new Set(content.values())) await store.checkWhole(id);
    return content;
  }

  async points(host: string, relationship: string): Promise<Map<string, Content>> {
    const found = new Map<string, Content>();
    const ids = new Set(await this.store(host).ids());
    for (const [id, path] of await this.pointPaths(host, relationship)) {
      const { set } = JSON.parse(await readFile(path, 'utf8')) as { set: { names: Record<string, string> } };
      const names = Object.entries(set.names);
      found.set(id, new Map(names.map(([name, image]) => [name, ids.has(image) ? image : `${image}, lost`])));
    }
    return found;
  }

  async checkWritable(host: string): Promise<void> {
    const store = this.store(host);
    await store.tag(registry('latest'), registry('probe'));
    await store.remove(registry('probe'));
  }

  /** No record of how it came would tell of a layer that was there. */
  override wasIncremental(target: SyncedTarget): boolean {
    return super.wasIncremental(target) && target.bytesChanged < 2 * LAYER_BYTES;
  }

  async clones(host: string): Promise<string[]> {
    return Object.keys(await this.store(host).names()).filter((name) => name.includes('/drills/'));
  }

  async dispose(): Promise<void> {
    for (const store of this.stores.values()) await store.dispose();
    await rm(this.ownFolder, { recursive: true, force: true });
  }
}
