import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './paths.mjs';
import { SetUpError } from './report.mjs';
import { findProgram, run } from './run.mjs';

/**
 * Built from a Go module, or from a program of ours that is made of one. restic before 0.17 does not tell a missing
 * repository from a wrong password. rclone with all its stores takes five minutes to build; with those of the tests, one.
 */
const TOOLS = {
  restic: { version: '0.18.1', module: 'github.com/restic/restic/cmd/restic' },
  rclone: {
    version: '1.76.0',
    module: 'github.com/rclone/rclone',
    folder: join(dirname(fileURLToPath(import.meta.url)), 'rclone'),
  },
  // The newest that Go 1.24 builds, which the tests' Kubernetes needs too.
  helm: { version: '3.19.5', module: 'helm.sh/helm/v3/cmd/helm' },
  versitygw: { version: '1.8.0', module: 'github.com/versity/versitygw/cmd/versitygw' },
};
const GO_TIMEOUT_MS = 40 * 60_000;

const testFolderOf = (name) => join(cacheFolder(), 'bin', `${name}-${TOOLS[name].version}-of-tests`);

/** The path of a tool of the tests; undefined where it was not built. */
export function findTestTool(name) {
  const path = join(testFolderOf(name), name);
  return existsSync(path) ? path : undefined;
}

/** A tool of the tests: in the cache, or built. */
export async function ensureTestTool(name, say) {
  const { version, module, folder } = TOOLS[name];
  const path = testFolderOf(name);
  if (existsSync(join(path, name))) return `${version}, ${path}`;
  await buildTool(name, path, folder ? { folder } : { module }, say);
  return `built, ${path}`;
}

/** A tool for whoever uses it, current, with all that it has. `bin/tidemark.mjs` and what it starts find it before the system's. */
export async function ensureStoreTool(name, say) {
  const { version, module } = TOOLS[name];
  const path = join(cacheFolder(), 'bin', 'stores');
  const { code, output } = await run([join(path, name), 'version'], { timeoutMs: 30_000 }).catch(() => ({}));
  if (code === 0 && output.includes(version)) return `${version}, ${path}`;
  await buildTool(name, path, { module }, say);
  return `built ${version}, ${path}`;
}

async function buildTool(name, path, { module, folder }, say) {
  const { version } = TOOLS[name];
  const go = findProgram('go');
  if (!go) throw new SetUpError(`${name} is built with go, which is not installed: apt-get install golang`);
  mkdirSync(path, { recursive: true });
  say('building it with go: one to five minutes');
  const argv = module
    ? [go, 'install', `${module}@v${version}`]
    : [go, 'build', '-C', folder, '-trimpath', '-o', join(path, name), '.'];
  const { code, output } = await run(argv, {
    env: { ...process.env, GOBIN: path, GOFLAGS: '' },
    timeoutMs: GO_TIMEOUT_MS,
  });
  if (code !== 0)
    throw new SetUpError(`${name} could not be built:\n${output.trim().split('\n').slice(-5).join('\n')}`);
}
