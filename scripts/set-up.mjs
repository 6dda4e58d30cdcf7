/**
 * Everything that a fresh clone needs, with nothing but Node 18 and npm there. Steps that are done
 * already take no time. `--stores` adds a current rclone and restic, `--for-tests` what the tests run.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './set-up/build.mjs';
import { installDependencies } from './set-up/dependencies.mjs';
import { ensureKubernetes } from './set-up/kubernetes.mjs';
import { withLock } from './set-up/lock.mjs';
import { ensureNode } from './set-up/node.mjs';
import { ROOT } from './set-up/paths.mjs';
import { SetUpError, Steps } from './set-up/report.mjs';
import { ensureStoreTool, ensureTestTool } from './set-up/go-tools.mjs';
import { ensureTemporal } from './set-up/temporal.mjs';
import { ensureTools } from './set-up/tools.mjs';

/** @returns the path of the Node to go on with. @throws SetUpError with what to do. */
export async function setUp({ forTests = false, forChaos = false, stores = false } = {}) {
  const steps = new Steps(5 + (stores ? 2 : 0) + (forTests ? 3 : 0) + (forTests && forChaos ? 2 : 0));
  let node;
  const work = async () => {
    await steps.take('dependencies', installDependencies);
    await steps.take('Node', async (say) => {
      node = await ensureNode(say);
      return node.version;
    });
    await steps.take(`system tools${forTests ? ', those of the tests too' : ''}`, (say) =>
      ensureTools({ forTests }, say),
    );
    await steps.take('Temporal server', (say) => ensureTemporal(node.path, say));
    await steps.take('build', (say) => build(node.path, say));
    if (stores) {
      await steps.take('restic', (say) => ensureStoreTool('restic', say));
      await steps.take('rclone', (say) => ensureStoreTool('rclone', say));
    }
    if (!forTests) return;
    await steps.take('restic of the tests', (say) => ensureTestTool('restic', say));
    await steps.take('rclone of the tests', (say) => ensureTestTool('rclone', say));
    if (forChaos) {
      await steps.take('S3 of the long tests', (say) => ensureTestTool('versitygw', say));
      await steps.take('Helm', (say) => ensureTestTool('helm', say));
    }
    await steps.take('Kubernetes of the tests', (say) => ensureKubernetes(say));
  };
  await withLock(join(ROOT, '.cache', 'set-up.lock'), work, (pid) =>
    console.log(`another set-up is running (process ${pid}); waiting for it`),
  );
  return node.path;
}

/** Runs set-up; where it fails, says why and ends this process. */
export async function setUpOrExit(options) {
  try {
    return await setUp(options);
  } catch (error) {
    console.error(`\n${error instanceof SetUpError ? error.message : error.stack}`);
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setUpOrExit({
    forTests: process.argv.includes('--for-tests'),
    forChaos: process.argv.includes('--for-chaos'),
    stores: process.argv.includes('--stores'),
  });
}
