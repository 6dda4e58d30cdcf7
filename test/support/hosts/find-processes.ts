import { readdir, readFile, readlink } from 'node:fs/promises';
import { waitFor } from '../wait-for';

/** Processes that work in a folder, or name it, with all these words in their command line. */
export async function findProcesses(folder: string, ...words: string[]): Promise<number[]> {
  const pids: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const isInside = cwd.startsWith(folder) || argv.includes(folder);
    if (isInside && words.every((word) => argv.includes(word))) pids.push(Number(pid));
  }
  return pids;
}

/** Processes that work in a folder or name it, or whose environment does; dead ones that wait to be reaped are none. */
async function findAllOf(folder: string): Promise<number[]> {
  const pids = new Set(await findProcesses(folder));
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (environment.includes(folder)) pids.add(Number(pid));
  }
  return [...pids].filter((pid) => pid !== process.pid);
}

/** Kills by -9 whatever still works in a folder of a test's own, names it, or has it in its environment. */
export async function killAllOf(folder: string): Promise<void> {
  await waitFor(async () => {
    const pids = await findAllOf(folder);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone meanwhile.
      }
    }
    return pids.length === 0;
  }, `the end of all processes of ${folder}`);
}
