/**
 * Where the volumes and snapshots of a driver are: each is a subvolume of one btrfs.
 *
 *   v/ID/ and s/ID/, a volume and a snapshot: `meta.json`, and `fs/` with its files, or `disk` as the image of a device.
 *
 * A snapshot, a restored volume and a clone are all snapshots of btrfs, which share what they have in common.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
} from 'node:fs';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { detachLoop, listLoops, loopsOver } from '../loops';
import { run } from '../run';
import type { Format } from '../storage';
import { listMounts, mountImage, unmount } from './mounts';
import { Turns } from './turns';

const KINDS = ['v', 's'] as const;
export type Kind = (typeof KINDS)[number];

/** What is known of a volume, or of a snapshot. */
export interface Meta {
  id: string;
  bytes: number;
  mode: 'Filesystem' | 'Block';
  /** How files are kept, where the mode is Filesystem. */
  format: Format;
  /** `namespace/name` of the claim that the volume was made for; a snapshot has its volume's. */
  claim: string;
  /** Volume or snapshot of which it was made. */
  source?: string;
  madeAt: number;
}

type NewMeta = Omit<Meta, 'madeAt'>;

/** Where it is made, and where it goes: nobody sees one that is half made. */
const UNFINISHED = '.new';

export class Pool {
  private readonly turns = new Turns();

  private constructor(private readonly root: string) {}

  /** @param root folder; made if need be */
  static open(root: string): Pool {
    for (const kind of KINDS) mkdirSync(join(root, kind), { recursive: true });
    return new Pool(root);
  }

  /** Takes back what was not finished when the driver that makes volumes was killed: for it alone. */
  async recover(): Promise<void> {
    await thawAll();
    for (const kind of KINDS) {
      const unfinished = readdirSync(join(this.root, kind)).filter((name) => name.endsWith(UNFINISHED));
      for (const name of unfinished) await run(['btrfs', 'subvolume', 'delete', join(this.root, kind, name)]);
    }
  }

  private path(kind: Kind, id: string): string {
    return join(this.root, kind, id);
  }

  /** The files of a volume of mode Filesystem and format btrfs. */
  files(id: string): string {
    return join(this.path('v', id), 'fs');
  }

  /** The image of any other volume. */
  disk(id: string): string {
    return join(this.path('v', id), 'disk');
  }

  find(kind: Kind, id: string): Meta | undefined {
    try {
      return JSON.parse(readFileSync(join(this.path(kind, id), 'meta.json'), 'utf8')) as Meta;
    } catch {
      return undefined;
    }
  }

  list(kind: Kind): Meta[] {
    const ids = readdirSync(join(this.root, kind)).filter((name) => !name.endsWith(UNFINISHED));
    return ids.map((id) => this.find(kind, id)).filter((meta) => meta !== undefined);
  }

  /** Makes a volume or a snapshot, empty or of another; answers the one of this id that is there already, where one is. */
  async make(kind: Kind, meta: NewMeta, from?: { kind: Kind; id: string }): Promise<Meta> {
    return await this.turns.take(kind + meta.id, async () => {
      const there = this.find(kind, meta.id);
      if (there) return there;
      const work = this.path(kind, meta.id) + UNFINISHED;
      if (existsSync(work)) await run(['btrfs', 'subvolume', 'delete', work]);
      if (from) await this.copy(from, work);
      else await run(['btrfs', 'subvolume', 'create', work]);
      const made: Meta = { ...meta, madeAt: Date.now() };
      await fill(work, made, !from);
      if (kind === 's') await run(['btrfs', 'property', 'set', work, 'ro', 'true']);
      renameSync(work, this.path(kind, meta.id));
      return made;
    });
  }

  /** Can be repeated. */
  async remove(kind: Kind, id: string): Promise<void> {
    await this.turns.take(kind + id, async () => {
      if (!existsSync(this.path(kind, id))) return;
      if (kind === 'v') await this.detach(id);
      await run(['btrfs', 'subvolume', 'delete', this.path(kind, id)]);
    });
  }

  /** Makes a volume larger; a device that is in use, and what is on it, are grown by the node. */
  async grow(id: string, bytes: number): Promise<void> {
    await this.turns.take(`v${id}`, async () => {
      const meta = this.find('v', id);
      if (!meta || meta.bytes >= bytes) return;
      if (hasDisk(meta)) await truncate(this.disk(id), bytes);
      await writeFile(join(this.path('v', id), 'meta.json'), JSON.stringify({ ...meta, bytes }));
    });
  }

  private async detach(id: string): Promise<void> {
    const disk = this.disk(id);
    const ours = existsSync(disk) ? await listLoops(disk) : [];
    if (ours.length === 0) return;
    for (const loop of [...loopsOver(ours, await listLoops()), ...ours]) await detachLoop(loop);
  }

  /** One copy of a volume at a time: who is done first would thaw what the other has frozen. */
  private async copy(from: { kind: Kind; id: string }, to: string): Promise<void> {
    const snapshot = () => run(['btrfs', 'subvolume', 'snapshot', this.path(from.kind, from.id), to]);
    await this.turns.take(`copy ${from.kind}${from.id}`, () => this.whileQuiet(from, snapshot));
  }

  /**
   * Takes a snapshot of what is in use. A file system is frozen meanwhile; of a device, what it was told to write is
   * written first, as a disk of a cloud would have it.
   */
  private async whileQuiet(from: { kind: Kind; id: string }, act: () => Promise<unknown>): Promise<void> {
    const meta = this.find(from.kind, from.id);
    const loops = from.kind === 'v' && meta && hasDisk(meta) ? await listLoops(this.disk(from.id)) : [];
    if (loops.length === 0) await act();
    else if (meta?.mode === 'Block') {
      for (const { device } of loops) await run(['blockdev', '--flushbufs', device]);
      await act();
    } else await whileFrozen(this.disk(from.id), act);
  }
}

export function hasDisk({ mode, format }: Pick<Meta, 'mode' | 'format'>): boolean {
  return mode === 'Block' || format === 'xfs';
}

/** mkfs.xfs makes none under 300 MB, but for the tests of XFS itself, which it knows by these. */
const SMALL_XFS = { ...process.env, TEST_DIR: '1', TEST_DEV: '1', QA_CHECK_FS: '1' };

async function fill(folder: string, meta: Meta, isEmpty: boolean): Promise<void> {
  await writeFile(join(folder, 'meta.json'), JSON.stringify(meta));
  if (!hasDisk(meta)) return void (await mkdir(join(folder, 'fs'), { recursive: true }));
  const disk = join(folder, 'disk');
  if (isEmpty) await writeFile(disk, '');
  await truncate(disk, meta.bytes);
  if (isEmpty && meta.mode === 'Filesystem') await run(['mkfs.xfs', '-q', '-K', disk], { env: SMALL_XFS });
}

/** Where what is frozen is mounted once more meanwhile. */
const FROZEN = '/run/frozen';

/** A mount of one's own stops the whole file system, on whichever node it is used: the kernel has it once. */
async function whileFrozen(disk: string, act: () => Promise<unknown>): Promise<void> {
  mkdirSync(FROZEN, { recursive: true });
  const point = mkdtempSync(join(FROZEN, 'disk-'));
  await mountImage(disk, point);
  try {
    await run(['fsfreeze', '--freeze', point]);
    await act();
  } finally {
    await thaw(point);
  }
}

async function thaw(point: string): Promise<void> {
  // It may not have been frozen yet.
  await run(['fsfreeze', '--unfreeze', point]).catch(() => undefined);
  await unmount(point);
  rmdirSync(point);
}

async function thawAll(): Promise<void> {
  for (const { point } of listMounts().filter((mount) => mount.point.startsWith(FROZEN))) await thaw(point);
}
