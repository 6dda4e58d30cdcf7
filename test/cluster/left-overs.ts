/** What outlives the processes of a cluster, being the real machine's: loop devices, cgroups. */
import { appendFile, mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { detachLoop, listLoops, loopsOver, type Loop } from './loops';

const CGROUPS = '/sys/fs/cgroup';
const GONE_TIMEOUT_MS = 20_000;

/**
 * The loop devices of a cluster's volumes, the kubelet's own over them first.
 * @param token a folder name of the pool that no other cluster has: it is in the path of each file, also after the
 * mounts are gone
 */
export async function findVolumeLoops(token: string): Promise<Loop[]> {
  const all = await listLoops();
  const ours = all.filter(({ file }) => file.includes(`/${token}/`));
  return [...loopsOver(ours, all), ...ours];
}

/** Every hierarchy of cgroups v1, among them v2 without controllers as `unified`; or the one of v2. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(CGROUPS, 'cgroup.controllers'))) return [CGROUPS];
  const entries = await readdir(CGROUPS, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(CGROUPS, name));
}

/** The root of a node's cgroups, which the kubelet wants to find. */
export async function makeCgroup(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    await mkdir(join(hierarchy, name), { recursive: true });
    // On v1 a new one has no processors until it is given some, and nothing can run in it.
    if (!hierarchy.endsWith('/cpuset')) continue;
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      await appendFile(join(hierarchy, name, file), await readFile(join(hierarchy, file)));
  }
}

async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((each) => each.isDirectory()))
    await removeTree(join(folder, entry.name));
  // Busy for some tenths of a second after its last process was killed.
  await rmdir(folder).catch(() => undefined);
}

/** Removes a node's cgroups, as soon as their processes are gone. */
export async function removeCgroup(name: string): Promise<void> {
  const deadline = performance.now() + GONE_TIMEOUT_MS;
  const roots = (await hierarchies()).map((hierarchy) => join(hierarchy, name));
  for (;;) {
    const left = roots.filter((root) => existsSync(root));
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`these cgroups are still in use: ${left.join(', ')}`);
    for (const root of left) await removeTree(root);
    await sleep(20);
  }
}

/** Takes down the loop devices of a cluster whose processes are gone. Those over others must go first. */
export async function removeVolumeLoops(token: string): Promise<void> {
  for (const loop of await findVolumeLoops(token)) await detachLoop(loop);
}
