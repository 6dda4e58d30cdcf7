/** Directories on each kind of filesystem, beside which or inside of which Tidemark keeps its own files. */
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';
import { directoryDriver } from '../../../src/volumes/directory';
import type { VolumeFixture } from '../../conformance/volume-fixture';
import { type FilesystemKind, TestFilesystem } from './filesystems';

const host = makeLocalHost({ name: 'fixtures', home: tmpdir() });

type Abilities = Pick<VolumeFixture, 'capture' | 'points' | 'sharesBlocks' | 'canBeReadOnly'>;

const PLAIN: Abilities = {
  capture: ['Direct'],
  points: ['HardLink', 'Direct'],
  sharesBlocks: false,
  canBeReadOnly: false,
};

/** What a directory can do on each filesystem. */
const ABILITIES: Record<FilesystemKind, Abilities> = {
  btrfs: {
    capture: ['Snapshot', 'Clone', 'Direct'],
    points: ['Snapshot', 'Clone', 'HardLink', 'Direct'],
    sharesBlocks: true,
    canBeReadOnly: true,
  },
  xfs: {
    capture: ['Clone', 'Direct'],
    points: ['Clone', 'HardLink', 'Direct'],
    sharesBlocks: true,
    canBeReadOnly: false,
  },
  ext4: PLAIN,
  ext3: PLAIN,
  tmpfs: PLAIN,
};

/** Folders of one filesystem; on btrfs they are subvolumes. */
export function makeFolderFixture(kind: FilesystemKind): VolumeFixture {
  let filesystem: TestFilesystem | undefined;
  let count = 0;
  return {
    title: `a directory on ${kind}`,
    driver: directoryDriver,
    ...ABILITIES[kind],
    async makeVolume() {
      filesystem ??= await TestFilesystem.make(kind);
      const path = join(filesystem.mountPoint, `volume-${count++}`);
      if (kind === 'btrfs') await runChecked(host, ['btrfs', 'subvolume', 'create', path]);
      else await mkdir(path);
      return { kind: 'directory', path };
    },
    afterAll: async () => filesystem?.dispose(),
  };
}

/** The whole of a mounted filesystem, a new one each time. */
export function makeWholeFixture(kind: FilesystemKind): VolumeFixture {
  let filesystem: TestFilesystem | undefined;
  return {
    title: `a whole ${kind}`,
    driver: directoryDriver,
    ...ABILITIES[kind],
    async makeVolume() {
      filesystem = await TestFilesystem.make(kind);
      return { kind: 'directory', path: filesystem.mountPoint, options: { mustBeMounted: true } };
    },
    async afterEach() {
      await filesystem?.dispose();
    },
  };
}
