/** Datasets in two pools of zfs-fuse, as another tool or a person works with them. */
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HeldState, Volume } from '../../../src/model/records';
import { MoverSchema } from '../../../src/model/spec';
import { makeLocalHost } from '../../../src/hosts/local';
import { zfsMover } from '../../../src/volumes/zfs/send';
import { zfsDriver } from '../../../src/volumes/zfs';
import type { SnapshotStorage } from './snapshot-storage';
import { TestPool } from './zfs';

const host = makeLocalHost({ name: 'by-hand', home: '/tmp' });

/** Runs `zfs`, again while a dataset that was just unmounted is still busy. */
export async function zfs(...argv: string[]): Promise<string> {
  for (let round = 0; ; round++) {
    const { exitCode, stdout, stderr } = await host.run(['zfs', ...argv]);
    if (exitCode === 0) return stdout.toString();
    if (round > 600 || !/is busy/.test(stderr)) throw new Error(`zfs ${argv.join(' ')}: ${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Renames datasets that may be mounted, one after the other. By itself `zfs rename` unmounts one, and with zfs-fuse may find
 * it busy each time: the daemon lets go of it a moment after the kernel has. And where a clone of one is mounted, it stays
 * busy as long: so all are unmounted first.
 */
export async function renameDatasets(...renames: [from: string, to: string][]): Promise<void> {
  const mounted = new Set<string>();
  try {
    for (const [from] of renames) {
      const isMounted = (await zfs('get', '-H', '-o', 'value', 'mounted', from).catch(() => 'no')).trim();
      if (isMounted !== 'yes') continue;
      await zfs('unmount', from);
      mounted.add(from);
    }
    for (const [from, to] of renames) {
      await zfs('rename', from, to);
      if (mounted.delete(from)) mounted.add(to);
    }
  } finally {
    for (const name of mounted) await zfs('mount', name);
  }
}

export async function makeZfsStorage(): Promise<SnapshotStorage> {
  const pool = await TestPool.make();
  let count = 0;
  const named = (): Volume => ({ kind: 'zfs', path: pool.dataset(`volume-${count++}`) });
  const linesOf = async (...argv: string[]) => (await zfs(...argv)).split('\n').filter((line) => line !== '');
  return {
    title: 'ZFS datasets',
    deltaIsNoBase: true,
    driver: zfsDriver,
    mover: zfsMover,
    spec: MoverSchema.parse({ zfs: {} }),
    intermediates: MoverSchema.parse({ zfs: { intermediates: true } }),
    async makeVolume() {
      const volume = named();
      await zfs('create', volume.path);
      return volume;
    },
    nameVolume: async () => named(),
    pathOf: async ({ path }) => (await zfs('get', '-H', '-o', 'value', 'mountpoint', path)).trim(),
    async snapshot({ path }, name) {
      await zfs('snapshot', `${path}@${name}`);
    },
    async snapshots({ path }) {
      const all = await linesOf('list', '-H', '-o', 'name', '-t', 'snapshot', '-r', path);
      return all.filter((name) => name.startsWith(`${path}@`)).map((name) => name.slice(path.length + 1));
    },
    count: async () => (await linesOf('list', '-H', '-o', 'name', '-t', 'all', '-r', pool.name)).length,
    async copyByHand(_source, { name }, { path }) {
      const results = await host.pipe([
        ['zfs', 'send', name],
        ['zfs', 'receive', path],
      ]);
      if (results.some(({ exitCode }) => exitCode !== 0))
        throw new Error(results.map((each) => each.stderr).join());
    },
    async destroyState(_volume: Volume, { name }: HeldState) {
      await host.run(['zfs', 'release', 'tidemark:wiki', name]);
      await zfs('destroy', name);
    },
    async force({ path }, write) {
      await zfs('set', 'readonly=off', path);
      await write();
      await zfs('set', 'readonly=on', path);
    },
    async damage(text) {
      const folder = dirname(pool.mountPoint);
      // What is in memory would be read instead.
      for (let round = 0; ; round++) {
        const { exitCode, stderr } = await host.run(['zpool', 'export', pool.name]);
        if (exitCode === 0) break;
        if (round > 50) throw new Error(stderr);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const image = await open(join(folder, 'image'), 'r+');
      const content = await image.readFile();
      for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + 1))
        await image.write('X', at);
      await image.close();
      const imported = await host.run(['zpool', 'import', '-d', folder, pool.name]);
      if (imported.exitCode !== 0) throw new Error(imported.stderr);
    },
    isLooking: ([program, verb = '']) => program !== 'zfs' || ['get', '-?'].includes(verb),
    dispose: () => pool.dispose(),
  };
}
