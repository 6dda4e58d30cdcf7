import { readdir, readFile, readlink } from 'node:fs/promises';

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
