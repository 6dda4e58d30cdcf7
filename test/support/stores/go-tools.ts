import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const VERSIONS = { restic: '0.18.1', rclone: '1.76.0', versitygw: '1.8.0', helm: '3.19.5' };

type GoTool = keyof typeof VERSIONS;

/** Where the set-up has built it. */
export function findGoTool(tool: GoTool): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tidemark', 'bin');
  const path = join(cache, `${tool}-${VERSIONS[tool]}-of-tests`, tool);
  if (!existsSync(path)) throw new Error(`there is no ${tool}: run the set-up (npm test does)`);
  return path;
}

/** As the set-up built it: programs that this process starts, and all that they start, find it by its name. */
export function addToPath(tool: GoTool): void {
  process.env.PATH = [dirname(findGoTool(tool)), process.env.PATH ?? ''].join(delimiter);
}
