/** Real stores of images, each with storage of its own: Podman's, a dockerd's, a containerd's. No registry. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';
import type { Volume } from '../../../src/model/records';
import { type Engine } from '../../../src/volumes/image/engine';
import { engineOf } from '../../../src/volumes/image/engines';
import { type EngineKind, makeCommand, parseStore } from '../../../src/volumes/image/store';
import { waitFor } from '../wait-for';

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');

/** As many bytes as it takes, that compress badly and are the same for the same seed. */
function makeBytes(seed: string, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let block = 0; block * 32 < length; block++) {
    blocks.push(createHash('sha256').update(`${seed} ${block}`).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

export const LAYER_BYTES = 200_000;

/** Names that tests use. */
export const WIKI = 'registry.example/team/wiki:v1';
export const BLOG = 'registry.example/team/blog:v1';
export const OWN = 'registry.example/other/own:1';

/** An image for two platforms, of which one was never downloaded. */
function makeIndex(manifest: { digest: string; size: number }): string {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const elsewhere = { mediaType, digest: `sha256:${'e'.repeat(64)}`, size: 700 };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [
      { mediaType, ...manifest, platform: { architecture: 'amd64', os: 'linux' } },
      { ...elsewhere, platform: { architecture: 's390x', os: 'linux' } },
    ],
  });
}

const INDEX = 'application/vnd.oci.image.index.v1+json';

export class ImageStore {
  private constructor(
    readonly kind: EngineKind,
    readonly folder: string,
    readonly volume: Volume,
    private readonly daemon?: ChildProcess,
  ) {}

  /** Podman allows it 50 characters. */
  private get runRoot(): string {
    return join(tmpdir(), `${basename(this.folder)}-run`);
  }

  /** The engine as the driver sees it. */
  private readonly host = makeLocalHost({ name: 'store', home: '/nonexistent' });

  static async make(kind: EngineKind, under = tmpdir()): Promise<ImageStore> {
    const folder = await mkdtemp(join(under, `tidemark-${kind}-`));
    switch (kind) {
      case 'podman': {
        const root = join(folder, 'root');
        await mkdir(root);
        const store = new ImageStore(kind, folder, { kind: 'image', path: `podman:${root}` });
        await mkdir(store.runRoot);
        // Podman notes in the storage where the rest is, and that it uses no overlay.
        const choice = ['--root', root, '--runroot', store.runRoot, '--storage-driver', 'vfs'];
        await runChecked(store.host, ['podman', ...choice, 'info']);
        return store;
      }
      case 'docker':
        return await ImageStore.startDocker(folder);
      case 'containerd':
        return await ImageStore.startContainerd(folder);
    }
  }

  private static async startDocker(folder: string): Promise<ImageStore> {
    const socket = join(folder, 'docker.sock');
    const folders = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
    const network = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'];
    const own = ['--pidfile', join(folder, 'pid'), '--storage-driver', 'vfs', '--host', `unix://${socket}`];
    const argv = ['dockerd', ...folders, ...network, ...own];
    return await ImageStore.start('docker', folder, argv, { kind: 'image', path: `docker:${socket}` }, [
      'version',
    ]);
  }

  private static async startContainerd(folder: string): Promise<ImageStore> {
    const socket = join(folder, 'c.sock');
    const config = [
      'version = 2',
      `root = "${join(folder, 'root')}"`,
      `state = "${join(folder, 'state')}"`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      '[grpc]',
      `address = "${socket}"`,
    ];
    await writeFile(join(folder, 'config.toml'), config.join('\n'));
    const argv = ['containerd', '--config', join(folder, 'config.toml')];
    const volume: Volume = { kind: 'image', path: `containerd:${socket}` };
    return await ImageStore.start('containerd', folder, argv, volume, ['version']);
  }

  private static async start(
    kind: EngineKind,
    folder: string,
    [program = '', ...args]: string[],
    volume: Volume,
    probe: string[],
  ): Promise<ImageStore> {
    const log = openSync(join(folder, 'log'), 'a');
    const daemon = spawn(program, args, { stdio: ['ignore', log, log] });
    const store = new ImageStore(kind, folder, volume, daemon);
    await waitFor(async () => {
      if (daemon.exitCode !== null) throw new Error(await readFile(join(folder, 'log'), 'utf8'));
      return (await store.host.run([...store.command, ...probe])).exitCode === 0;
    }, `${program} that answers`);
    return store;
  }

  get command(): string[] {
    return makeCommand(parseStore(this.volume.path));
  }

  private get engine(): Engine {
    return engineOf(this.host, this.volume).engine;
  }

  private get subject() {
    return { host: this.host, volume: this.volume, command: this.command };
  }

  /** The engine's own tool, as a user runs it. */
  async run(...args: string[]): Promise<string> {
    return (await runChecked(this.host, [...this.command, ...args])).stdout.toString();
  }

  /** Every name and its image, those too that Tidemark made. */
  async names(): Promise<Record<string, string>> {
    const images = await this.engine.images(this.subject);
    const entries = images.flatMap(({ id, names }) => names.map((name) => [name, id] as const));
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** The names that users see. */
  async userNames(): Promise<Record<string, string>> {
    const all = Object.entries(await this.names());
    return Object.fromEntries(all.filter(([name]) => !name.startsWith('tidemark.local/')));
  }

  /** Identities of all images, sorted. */
  async ids(): Promise<string[]> {
    return (await this.engine.images(this.subject)).map(({ id }) => id).sort();
  }

  /** Puts an image into the store, of layers named by what is in them. Answers its identity. */
  async add(
    name: string,
    layers: readonly string[],
    { bytes = LAYER_BYTES, forSeveralPlatforms = false } = {},
  ): Promise<string> {
    const folder = await mkdtemp(join(this.folder, 'image-'));
    const blobs = join(folder, 'blobs', 'sha256');
    await mkdir(blobs, { recursive: true });
    const put = async (data: Buffer | string) => {
      await writeFile(join(blobs, sha256(data)), data);
      return { digest: `sha256:${sha256(data)}`, size: Buffer.byteLength(data) };
    };
    const made = [];
    for (const layer of layers) made.push(await this.makeLayer(folder, layer, bytes).then(put));
    const rootfs = { type: 'layers', diff_ids: made.map(({ digest }) => digest) };
    const created = '2026-11-21T08:00:00Z';
    const history = layers.map((created_by) => ({ created, created_by }));
    const config = await put(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        created,
        config: { Cmd: ['/x'] },
        rootfs,
        history,
      }),
    );
    const prefix = 'application/vnd.oci.image';
    const only = await put(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: `${prefix}.manifest.v1+json`,
        config: { mediaType: `${prefix}.config.v1+json`, ...config },
        layers: made.map((layer) => ({ mediaType: `${prefix}.layer.v1.tar`, ...layer })),
      }),
    );
    const manifest = forSeveralPlatforms ? await put(makeIndex(only)) : only;
    await this.load(folder, name, {
      config: config.digest,
      layers: rootfs.diff_ids,
      manifest,
      mediaType: forSeveralPlatforms ? INDEX : 'application/vnd.oci.image.manifest.v1+json',
    });
    await rm(folder, { recursive: true });
    return (this.kind === 'containerd' ? manifest : config).digest.replace('sha256:', '');
  }

  private async makeLayer(folder: string, layer: string, bytes: number): Promise<Buffer> {
    const content = join(folder, 'content');
    await mkdir(content);
    await writeFile(join(content, layer), makeBytes(layer, bytes));
    const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=0644'];
    const { stdout } = await runChecked(this.host, ['tar', '-C', content, ...same, '-cf', '-', layer], {
      maxOutputBytes: 2 ** 31,
    });
    await rm(content, { recursive: true });
    return stdout;
  }

  private async load(
    folder: string,
    name: string,
    image: {
      config: string;
      layers: string[];
      manifest: { digest: string; size: number };
      mediaType: string;
    },
  ): Promise<void> {
    const blob = (digest: string) => digest.replace(':', '/').replace(/^/, 'blobs/');
    if (this.kind === 'docker') {
      const saved = [{ Config: blob(image.config), RepoTags: [name], Layers: image.layers.map(blob) }];
      await writeFile(join(folder, 'manifest.json'), JSON.stringify(saved));
    } else {
      const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name };
      const { mediaType } = image;
      const index = { schemaVersion: 2, manifests: [{ mediaType, ...image.manifest, annotations }] };
      await writeFile(join(folder, 'index.json'), JSON.stringify(index));
      await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    }
    const archive = `${folder}.tar`;
    await runChecked(this.host, ['tar', '-C', folder, '-cf', archive, '.']);
    if (this.kind === 'containerd') await this.run('images', 'import', '--no-unpack', archive);
    else await this.run('load', '--input', archive);
    await rm(archive);
  }

  /** Makes a container of an image, that never runs. */
  async use(name: string): Promise<void> {
    if (this.kind === 'containerd')
      await this.run('containers', 'create', '--snapshotter', 'native', name, 'c1', '/x');
    else await this.run('create', name);
  }

  /** Reads all layers of an image, of Podman's. @throws where one is not what its digest says */
  async checkWhole(id: string): Promise<void> {
    const folder = await mkdtemp(join(this.folder, 'saved-'));
    const archive = join(folder, 'archive');
    await this.run('save', '--quiet', '--format', 'docker-archive', '--output', archive, id);
    await runChecked(this.host, ['tar', '-C', folder, '-xf', archive]);
    const [saved] = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
      Layers: string[];
    }[];
    for (const layer of saved?.Layers ?? []) {
      if (`${sha256(await readFile(join(folder, layer)))}.tar` !== layer)
        throw new Error(`the layer ${layer} of ${id} is damaged`);
    }
    await rm(folder, { recursive: true });
  }

  /** As a user removes a name; of the last one also the image. */
  async remove(name: string): Promise<void> {
    if (this.kind === 'containerd') await this.run('images', 'rm', '--sync', name);
    else await this.run('rmi', name);
  }

  /** As a user gives an image another name. */
  async tag(name: string, other: string): Promise<void> {
    if (this.kind === 'containerd') await this.run('images', 'tag', '--force', name, other);
    else await this.run('tag', name, other);
  }

  /** Everything that is in it, Tidemark's records too; the daemon goes on. */
  async wipe(): Promise<void> {
    if (this.kind === 'containerd') {
      for (const id of (await this.run('containers', 'ls', '-q')).split('\n').filter(Boolean))
        await this.run('containers', 'rm', id);
      const names = (await this.run('images', 'ls', '-q')).split('\n').filter(Boolean);
      if (names.length > 0) await this.run('images', 'rm', '--sync', ...names);
    } else {
      const containers = (await this.run('ps', '--all', '--quiet')).split('\n').filter(Boolean);
      if (containers.length > 0) await this.run('rm', '--force', ...containers);
      const ids = await this.ids();
      if (ids.length > 0) await this.run('rmi', '--force', ...ids);
    }
    await rm(this.meta, { recursive: true, force: true });
  }

  /** Where Tidemark keeps its records about it. */
  get meta(): string {
    const roots = { podman: 'root/tidemark', docker: 'data/tidemark', containerd: 'root/tidemark/default' };
    return join(this.folder, roots[this.kind]);
  }

  /** Loses the store, as where its storage is not mounted. */
  async loseMeta(): Promise<void> {
    await rename(this.meta, `${this.meta}.lost`);
  }

  async dispose(): Promise<void> {
    if (this.daemon && this.daemon.exitCode === null) {
      const ended = new Promise((resolve) => this.daemon?.once('exit', resolve));
      this.daemon.kill('SIGTERM');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
    await rm(this.runRoot, { recursive: true, force: true });
  }
}
