import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The Node that runs Tidemark, where the machine's own is older. */
export const OWN_NODE = join(ROOT, 'node_modules', 'node', 'bin', 'node');

/** What is got once per user, whatever the checkout. The XDG standard ignores relative paths. */
export function cacheFolder(env = process.env) {
  const base = env.XDG_CACHE_HOME;
  return join(base && isAbsolute(base) ? base : join(homedir(), '.cache'), 'tidemark');
}
