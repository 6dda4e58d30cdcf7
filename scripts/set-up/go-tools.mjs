import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './paths.mjs';
import { SetUpError } from './report.mjs';
import { findProgram, run } from './run.mjs';

/** Those that the tests run. restic before 0.17 does not tell a missing repository from a wrong password; rclone before 1.65 serves no S3. */
const TOOLS = {
  restic: { version: '0.18.1', module: 'github.com/restic/restic/cmd/restic', minutes: 1 },
  rclone: { version: '1.76.0', module: 'github.com/rclone/rclone', minutes: 3 },
  versitygw: { version: '1.8.0', module: 'github.com/versity/versitygw/cmd/versitygw', minutes: 2 },
};
const GO_TIMEOUT_MS = 20 * 60_000;

/** A tool of the tests: in the cache, or built from its Go module. Whoever uses it installs their own. */
export async function ensureGoTool(name, say) {
  const { version, module, minutes } = TOOLS[name];
  const path = join(cacheFolder(), 'bin', `${name}-${version}`);
  if (existsSync(join(path, name))) return `${version}, ${path}`;
  const go = findProgram('go');
  if (!go) throw new SetUpError(`${name} is built with go, which is not installed: apt-get install golang`);
  mkdirSync(path, { recursive: true });
  say(`building it with go, about ${minutes} min`);
  const { code, output } = await run([go, 'install', `${module}@v${version}`], {
    env: { ...process.env, GOBIN: path, GOFLAGS: '' },
    timeoutMs: GO_TIMEOUT_MS,
  });
  if (code !== 0)
    throw new SetUpError(`${name} could not be built:\n${output.trim().split('\n').slice(-5).join('\n')}`);
  return `built, ${path}`;
}
