import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OWN_NODE, ROOT } from './paths.mjs';
import { SetUpError } from './report.mjs';
import { run } from './run.mjs';

/** The oldest Node that Tidemark runs on. */
export const LEAST_NODE = 24;

/** The version that a Node says it has, like `24.21.0`; undefined where it doesn't run. */
async function versionOf(path) {
  try {
    const { code, output } = await run([path, '--version'], { timeoutMs: 20_000 });
    return code === 0 ? output.trim().replace(/^v/, '') : undefined;
  } catch {
    return undefined;
  }
}

/** The Node for everything after set-up: the `node` package's, or this one where it is new enough. */
export async function ensureNode(say) {
  let version = existsSync(OWN_NODE) ? await versionOf(OWN_NODE) : undefined;
  if (!version) {
    // Install scripts were switched off (npm's ignore-scripts): what the package's own would have done.
    say('fetching Node by the package `node`');
    const script = join(ROOT, 'node_modules', 'node', 'installArchSpecificPackage.js');
    await run([process.execPath, script], { cwd: join(ROOT, 'node_modules', 'node'), timeoutMs: 300_000 });
    version = existsSync(OWN_NODE) ? await versionOf(OWN_NODE) : undefined;
  }
  if (version) return { path: OWN_NODE, version };
  if (Number(process.versions.node.split('.')[0]) >= LEAST_NODE) {
    return { path: process.execPath, version: process.versions.node };
  }
  throw new SetUpError(
    `Tidemark needs Node ${LEAST_NODE}; this is ${process.versions.node}, and the package that brings a newer one could not ` +
      `be installed (${OWN_NODE} does not run).\nInstall Node ${LEAST_NODE} or newer from https://nodejs.org, or let npm run ` +
      `install scripts (npm config set ignore-scripts false), then run this again.`,
  );
}
