/** Real filesystems on files, each mounted in a folder of its own. Needs root. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';

export type FilesystemKind = 'btrfs' | 'xfs' | 'ext4' | 'ext3' | 'tmpfs';

/** Sizes are apparent: the files are sparse. XFS takes no less than 300 MiB. */
const MAKE: Record<Exclude<FilesystemKind, 'tmpfs'>, { mkfs: string[]; size: string }> = {
  btrfs: { mkfs: ['mkfs.btrfs', '-q', '-f'], size: '512M' },
  xfs: { mkfs: ['mkfs.xfs', '-q', '-f', '-m', 'reflink=1'], size: '320M' },
  ext4: { mkfs: ['mkfs.ext4', '-q', '-F'], size: '256M' },
  // Inodes of 128 bytes hold whole seconds.
  ext3: { mkfs: ['mkfs.ext3', '-q', '-F', '-I', '128'], size: '64M' },
};

const host = makeLocalHost({ name: 'filesystems', home: tmpdir() });
const run = (...argv: string[]) => runChecked(host, argv);

export class TestFilesystem {
  private isMounted = false;

  private constructor(
    readonly kind: FilesystemKind,
    private readonly folder: string,
    private readonly size: string,
  ) {}

  /** @param size as `truncate` takes it; by default the smallest that is good for tests. */
  static async make(kind: FilesystemKind, { size }: { size?: string } = {}): Promise<TestFilesystem> {
    const folder = await mkdtemp(join(tmpdir(), `tidemark-${kind}-`));
    const filesystem = new TestFilesystem(
      kind,
      folder,
      size ?? (kind === 'tmpfs' ? '256M' : MAKE[kind].size),
    );
    await mkdir(filesystem.mountPoint);
    if (kind !== 'tmpfs') {
      await run('truncate', '-s', filesystem.size, filesystem.image);
      await run(...MAKE[kind].mkfs, filesystem.image);
    }
    await filesystem.mount();
    return filesystem;
  }

  get mountPoint(): string {
    return join(this.folder, 'mnt');
  }

  private get image(): string {
    return join(this.folder, 'image');
  }

  /** Mounts it, again: what was on a `tmpfs` is gone then. */
  async mount(options: string[] = []): Promise<void> {
    const [type, device, all] =
      this.kind === 'tmpfs'
        ? ['tmpfs', 'tmpfs', [`size=${this.size}`, ...options]]
        : [this.kind, this.image, ['loop', ...options]];
    await run('mount', '-t', type, '-o', all.join(','), device, this.mountPoint);
    this.isMounted = true;
  }

  async unmount(): Promise<void> {
    if (!this.isMounted) return;
    await run('umount', this.mountPoint);
    this.isMounted = false;
  }

  /** Unmounts and removes it. */
  async dispose(): Promise<void> {
    await this.unmount();
    await rm(this.folder, { recursive: true, force: true });
  }
}
