/** What the referee plays on: each kind of volume by each way in which it is frozen. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { RelationshipInput } from '../../../src/model/spec';
import { type FilesystemKind, TestFilesystem } from '../../support/storage/filesystems';
import { TestPool } from '../../support/storage/zfs';
import { HOSTS } from '../crash/hosts';
import { Datasets, Folders, type Trees } from '../crash/trees';
import { changeDatasets, type ChangeInner, changeSubvolumes } from './inner';

const exec = promisify(execFile);

type Spec = RelationshipInput['spec'];
type Freezing = Pick<NonNullable<Spec['source']>, 'copyMethod'>;

export type Method = 'Direct' | 'Snapshot' | 'Clone' | 'HardLink';

/** One way to keep a copy. */
export interface Arena {
  name: string;
  /** What is alike enough that an ordinary run plays one of it. */
  family: 'tree' | 'frozen tree' | 'btrfs' | 'zfs';
  /** A new volume for each history. */
  make(): Promise<Trees>;
  source?: Freezing;
  target?: { copyMethod: Method };
  /** Ways to keep points there, of which each sync may use another one. */
  methods?: readonly Method[];
  mover?: Spec['mover'];
  /** The target is a state of its storage: somebody who writes there makes it diverge. */
  hasStates?: true;
  /** Below zfs-fuse there are neither ACLs nor attributes of links and pipes. */
  withoutAttributes?: true;
  /**
   * `btrfs receive` makes new entries in the root under names of its own and moves them, and does not set the root's
   * time back where the root itself did not change at the source.
   */
  withoutSubvolumeTimes?: true;
  /** It carries the volumes inside of it. */
  changeInner?: ChangeInner;
  /** It is played over SSH too. */
  overSsh?: true;
  /** It can leave out by name. */
  hasFilters?: true;
}

const folders = (kind: FilesystemKind) => async () =>
  new Folders(await TestFilesystem.make(kind, kind === 'xfs' ? {} : { size: '512M' }), 'directory');

const btrfs = async () => new Folders(await TestFilesystem.make('btrfs', { size: '512M' }), 'btrfs');
const BTRFS = { hasStates: true, withoutSubvolumeTimes: true } as const;
const zfs = async () => new Datasets(await TestPool.make({ size: '512M' }));
const ZFS = { hasStates: true, withoutAttributes: true } as const;

export const ARENAS: readonly Arena[] = [
  {
    name: 'ext4, live, hard links',
    family: 'tree',
    make: folders('ext4'),
    target: { copyMethod: 'HardLink' },
    hasFilters: true,
    overSsh: true,
  },
  {
    name: 'ext4, live, hard links, checksum',
    family: 'tree',
    make: folders('ext4'),
    target: { copyMethod: 'HardLink' },
    mover: { rsync: { checksum: true } },
    hasFilters: true,
  },
  {
    name: 'ext4, live, no points',
    family: 'tree',
    make: folders('ext4'),
    target: { copyMethod: 'Direct' },
    hasFilters: true,
  },
  {
    name: 'xfs, clones',
    family: 'frozen tree',
    make: folders('xfs'),
    source: { copyMethod: 'Clone' },
    target: { copyMethod: 'Clone' },
    methods: ['Clone', 'HardLink'],
    hasFilters: true,
  },
  {
    name: 'btrfs directory, snapshots',
    family: 'frozen tree',
    make: folders('btrfs'),
    source: { copyMethod: 'Snapshot' },
    target: { copyMethod: 'Snapshot' },
    methods: ['Snapshot', 'Clone', 'HardLink'],
    hasFilters: true,
  },
  {
    name: 'btrfs directory, clones to hard links',
    family: 'frozen tree',
    make: folders('btrfs'),
    source: { copyMethod: 'Clone' },
    target: { copyMethod: 'HardLink' },
    methods: ['HardLink', 'Clone'],
    hasFilters: true,
  },
  { name: 'btrfs send', family: 'btrfs', make: btrfs, ...BTRFS },
  {
    name: 'btrfs send, nested',
    family: 'btrfs',
    make: btrfs,
    mover: { btrfs: { nested: true } },
    changeInner: changeSubvolumes,
    ...BTRFS,
  },
  { name: 'zfs', family: 'zfs', make: zfs, ...ZFS },
  {
    name: 'zfs, recursive',
    family: 'zfs',
    make: zfs,
    mover: { zfs: { recursive: true } },
    changeInner: changeDatasets,
    ...ZFS,
  },
];

/** A volume whose first source is there and empty, and a folder for what is restored. */
export async function prepareVolume(arena: Arena): Promise<Trees> {
  const storage = await arena.make();
  await storage.create(HOSTS[0]);
  return storage;
}

/** An empty folder to restore into, on a filesystem that keeps everything. */
export async function makeRestoreFolder(storage: Trees, serial: number): Promise<string> {
  const folder = `${storage.ownFolder}/restored-${serial}`;
  await mkdir(folder);
  return folder;
}

/** As a person copies a tree: with everything that a file is. */
export async function copyTree(from: string, to: string): Promise<void> {
  await exec('cp', ['-a', '--', `${from}/.`, to]);
}
