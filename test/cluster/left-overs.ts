/** What outlives the processes of a cluster, being the real machine's: loop devices, cgroups. */
import { appendFile, mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from './wait-until';
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
  const roots = (await hierarchies()).map((hierarchy) => join(hierarchy, name));
  const areGone = async () => {
    for (const root of roots) await removeTree(root);
    return !roots.some((root) => existsSync(root));
  };
  const why = () => `these cgroups are still in use: ${roots.filter((root) => existsSync(root)).join(', ')}`;
  await waitUntil(areGone, { why, timeoutMs: GONE_TIMEOUT_MS, pollMs: 20 });
}

/**
 * Takes down the loop devices of a cluster whose processes are gone: first those over others. Some end by themselves,
 * a moment after the last process.
 */
export async function removeVolumeLoops(token: string): Promise<void> {
  for (const loop of await findVolumeLoops(token)) await detachLoop(loop);
  const why = () => `loop devices of the volumes of ${token} are still in use: \`losetup --list\` names them`;
  await waitUntil(async () => (await findVolumeLoops(token)).length === 0, {
    why,
    timeoutMs: GONE_TIMEOUT_MS,
  });
}
