import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The Temporal CLI that set-up found or made: on the PATH, or in the user's cache. */
export function findTemporal(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tidemark', 'bin');
  const folders = [...(process.env.PATH ?? '').split(delimiter), cache];
  const found = folders.map((folder) => join(folder, 'temporal')).find((path) => existsSync(path));
  if (!found) throw new Error('there is no Temporal server: run the set-up (npm test does)');
  return found;
}
