import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, ROOT } from './paths.mjs';
import { SetUpError } from './report.mjs';
import { findProgram, run } from './run.mjs';

/** The newest version that `go install` builds. */
const GO_MODULE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const DOWNLOAD_TIMEOUT_MS = 60_000;
const GO_TIMEOUT_MS = 20 * 60_000;

/** The server's version as it says it; undefined where it doesn't run. */
async function versionOf(path) {
  try {
    const { code, output } = await run([path, '--version'], { timeoutMs: 30_000 });
    return code === 0 ? (/version\s+(\S+)/.exec(output)?.[1] ?? 'of unknown version') : undefined;
  } catch {
    return undefined;
  }
}

/** The SDK's own download, from Temporal's vendor. Answers why it did not work; nothing where it did. */
async function download(node, path, work) {
  const script = join(ROOT, 'scripts', 'set-up', 'download-temporal.mjs');
  const { code, output } = await run([node, script, work, path], { timeoutMs: DOWNLOAD_TIMEOUT_MS });
  return code === 0 ? undefined : output.trim().split('\n').at(-1);
}

/** Answers why it did not work; nothing where it did. */
async function buildWithGo(go, path, work) {
  const { code, output } = await run([go, 'install', GO_MODULE], {
    env: { ...process.env, GOBIN: work, GOFLAGS: '' },
    timeoutMs: GO_TIMEOUT_MS,
  });
  if (code !== 0) return output.trim().split('\n').slice(-5).join('\n');
  renameSync(join(work, 'temporal'), path);
  return undefined;
}

/** Temporal's server: on the PATH, in the cache, from its vendor, or built from its Go module. */
export async function ensureTemporal(node, say) {
  const onPath = findProgram('temporal');
  const version = onPath && (await versionOf(onPath));
  if (version) return `${version}, ${onPath}`;

  const folder = join(cacheFolder(), 'bin');
  const cached = join(folder, 'temporal');
  const cachedVersion = existsSync(cached) ? await versionOf(cached) : undefined;
  if (cachedVersion) return `${cachedVersion}, ${cached}`;

  mkdirSync(folder, { recursive: true });
  // Beside the place where it is to be, so that it appears there whole or not at all.
  const work = mkdtempSync(join(folder, '.get-'));
  try {
    say('downloading');
    const noDownload = await download(node, cached, work);
    if (noDownload === undefined && (await versionOf(cached))) return `downloaded, ${cached}`;
    const go = findProgram('go');
    let noBuild = 'go is not installed';
    if (go) {
      say('the download did not work; building it with go, about 3 minutes');
      noBuild = await buildWithGo(go, cached, work);
      if (noBuild === undefined && (await versionOf(cached))) return `built, ${cached}`;
    }
    throw new SetUpError(
      `Temporal's server could not be had.\n  download: ${noDownload}\n  go install ${GO_MODULE}: ${noBuild}\n` +
        `Put the program \`temporal\` on the PATH (https://docs.temporal.io/cli/setup-cli) or at ${cached}, or install Go, then run this again.`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
