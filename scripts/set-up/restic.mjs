import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './paths.mjs';
import { SetUpError } from './report.mjs';
import { findProgram, run } from './run.mjs';

/** The one that the tests run. Older than 0.17, it does not tell a missing repository from a wrong password. */
const VERSION = '0.18.1';
const GO_MODULE = `github.com/restic/restic/cmd/restic@v${VERSION}`;
const GO_TIMEOUT_MS = 20 * 60_000;

/** restic of the tests: in the cache, or built from its Go module. Whoever uses repositories installs their own. */
export async function ensureRestic(say) {
  const folder = join(cacheFolder(), 'bin');
  const path = join(folder, `restic-${VERSION}`);
  if (existsSync(join(path, 'restic'))) return `${VERSION}, ${path}`;
  const go = findProgram('go');
  if (!go) throw new SetUpError('restic is built with go, which is not installed: apt-get install golang');
  mkdirSync(path, { recursive: true });
  say('building it with go, about a minute');
  const { code, output } = await run([go, 'install', GO_MODULE], {
    env: { ...process.env, GOBIN: path, GOFLAGS: '' },
    timeoutMs: GO_TIMEOUT_MS,
  });
  if (code !== 0)
    throw new SetUpError(`restic could not be built:\n${output.trim().split('\n').slice(-5).join('\n')}`);
  return `built, ${path}`;
}
