import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const VERSIONS = { restic: '0.18.1', rclone: '1.76.0', versitygw: '1.8.0' };

/** As the set-up built it: programs that this process starts, and all that they start, find it by its name. */
export function addToPath(tool: keyof typeof VERSIONS): void {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tidemark', 'bin');
  const folder = join(cache, `${tool}-${VERSIONS[tool]}-of-tests`);
  if (!existsSync(join(folder, tool))) throw new Error(`there is no ${tool}: run the set-up (npm test does)`);
  process.env.PATH = [folder, process.env.PATH ?? ''].join(delimiter);
}
