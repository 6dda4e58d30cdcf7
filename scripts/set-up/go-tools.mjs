import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './paths.mjs';
import { SetUpError } from './report.mjs';
import { findProgram, run } from './run.mjs';

/**
 * Those that the tests run: built from a Go module, or from a program of ours that is made of one. restic before 0.17 does not tell a missing
 * repository from a wrong password. rclone with all its stores takes five minutes to build; with those of the tests, one.
 */
const TOOLS = {
  restic: { version: '0.18.1', module: 'github.com/restic/restic/cmd/restic' },
  rclone: { version: '1.76.0', folder: join(dirname(fileURLToPath(import.meta.url)), 'rclone') },
  versitygw: { version: '1.8.0', module: 'github.com/versity/versitygw/cmd/versitygw' },
};
const GO_TIMEOUT_MS = 20 * 60_000;

/** A tool of the tests: in the cache, or built. Whoever uses it installs their own. */
export async function ensureGoTool(name, say) {
  const { version, module, folder } = TOOLS[name];
  const path = join(cacheFolder(), 'bin', `${name}-${version}-of-tests`);
  if (existsSync(join(path, name))) return `${version}, ${path}`;
  const go = findProgram('go');
  if (!go) throw new SetUpError(`${name} is built with go, which is not installed: apt-get install golang`);
  mkdirSync(path, { recursive: true });
  say('building it with go, about a minute');
  const argv = module
    ? [go, 'install', `${module}@v${version}`]
    : [go, 'build', '-C', folder, '-trimpath', '-o', join(path, name), '.'];
  const { code, output } = await run(argv, {
    env: { ...process.env, GOBIN: path, GOFLAGS: '' },
    timeoutMs: GO_TIMEOUT_MS,
  });
  if (code !== 0)
    throw new SetUpError(`${name} could not be built:\n${output.trim().split('\n').slice(-5).join('\n')}`);
  return `built, ${path}`;
}
