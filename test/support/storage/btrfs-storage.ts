/** Subvolumes of two btrfs filesystems, as another tool or a person works with them. */
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';
import type { HeldState, Volume } from '../../../src/model/records';
import { MoverSchema } from '../../../src/model/spec';
import { btrfsMover } from '../../../src/volumes/btrfs/send';
import { btrfsDriver } from '../../../src/volumes/btrfs';
import { TestFilesystem } from './filesystems';
import type { SnapshotStorage } from './snapshot-storage';

const host = makeLocalHost({ name: 'by-hand', home: tmpdir() });
const btrfs = (...argv: string[]) => runChecked(host, ['btrfs', ...argv]);
const setReadOnly = (path: string, value: boolean) =>
  btrfs('property', 'set', '-ts', path, 'ro', String(value));

/** Sources on one filesystem, targets on another: what one has is not found at the other. */
export async function makeBtrfsStorage(): Promise<SnapshotStorage> {
  const [from, to] = [await TestFilesystem.make('btrfs'), await TestFilesystem.make('btrfs')];
  let count = 0;
  const named = ({ mountPoint }: TestFilesystem): Volume => ({
    kind: 'btrfs',
    path: join(mountPoint, `volume-${count++}`),
  });
  return {
    title: 'btrfs subvolumes',
    keepsApart: true,
    driver: btrfsDriver,
    mover: btrfsMover,
    spec: MoverSchema.parse({ btrfs: {} }),
    async makeVolume() {
      const volume = named(from);
      await btrfs('subvolume', 'create', volume.path);
      return volume;
    },
    nameVolume: async () => named(to),
    pathOf: async ({ path }) => path,
    async snapshot({ path }, name) {
      await btrfs('subvolume', 'snapshot', '-r', path, `${path}@${name}`);
    },
    async snapshots({ path }) {
      const names = await readdir(join(path, '..'));
      const prefix = `${path}@`;
      return names
        .map((name) => join(path, '..', name))
        .flatMap((each) => (each.startsWith(prefix) ? [each.slice(prefix.length)] : []));
    },
    async count() {
      const lists = await Promise.all(
        [from, to].map(({ mountPoint }) => btrfs('subvolume', 'list', mountPoint)),
      );
      return lists.reduce((sum, { stdout }) => sum + stdout.toString().split('\n').length - 1, 0);
    },
    async copyByHand(_source, { name }, { path }) {
      const results = await host.pipe([
        ['btrfs', 'send', '--quiet', name],
        ['btrfs', 'receive', to.mountPoint],
      ]);
      if (results.some(({ exitCode }) => exitCode !== 0))
        throw new Error(results.map((each) => each.stderr).join());
      await btrfs('subvolume', 'snapshot', join(to.mountPoint, name.slice(name.lastIndexOf('/') + 1)), path);
    },
    async destroyState(_volume: Volume, { name }: HeldState) {
      await btrfs('subvolume', 'delete', name);
    },
    async force({ path }, write) {
      await setReadOnly(path, false);
      await write();
      await setReadOnly(path, true);
    },
    isLooking: ([program, verb, action]) =>
      program !== 'btrfs' || (verb === 'subvolume' && ['list', 'show'].includes(action ?? '')),
    async dispose() {
      await from.dispose();
      await to.dispose();
    },
  };
}
