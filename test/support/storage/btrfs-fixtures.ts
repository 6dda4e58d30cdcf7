/** Subvolumes of one btrfs filesystem. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';
import { btrfsDriver } from '../../../src/volumes/btrfs';
import type { VolumeFixture } from '../../conformance/volume-fixture';
import { TestFilesystem } from './filesystems';

const host = makeLocalHost({ name: 'fixtures', home: tmpdir() });

/** A subvolume of its own for each test. */
export function makeSubvolumeFixture(): VolumeFixture {
  let filesystem: TestFilesystem | undefined;
  let count = 0;
  return {
    title: 'a btrfs subvolume',
    driver: btrfsDriver,
    capture: ['Snapshot'],
    points: ['Snapshot'],
    sharesBlocks: true,
    canBeReadOnly: true,
    async makeVolume() {
      filesystem ??= await TestFilesystem.make('btrfs');
      const path = join(filesystem.mountPoint, `volume-${count++}`);
      await runChecked(host, ['btrfs', 'subvolume', 'create', path]);
      return { kind: 'btrfs', path };
    },
    afterAll: async () => filesystem?.dispose(),
  };
}
