/** The workflows as one bundle, made at build time so that workers start fast. */
import { readdirSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const BUNDLE_PATH = join(__dirname, '..', 'workflow-bundle.js');

/** What workflows are made of. */
export const BUNDLED_FOLDERS = ['workflows', 'api', 'model'].map((folder) => join(__dirname, '..', folder));

/** What a worker is given: a bundle on disk, or its code made just now. */
export type WorkflowBundle = { codePath: string } | { code: string };

/** Bundles them as they are now, which takes seconds. */
export async function makeBundle(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('../workflows'),
    workflowInterceptorModules: [require.resolve('../workflows/interceptors')],
    logger: new DefaultLogger('WARN'),
  });
  return code;
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** False where a workflow was compiled again after the bundle was made. */
function isFresh(): boolean {
  const madeAt = modifiedAt(BUNDLE_PATH);
  const modules = BUNDLED_FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return (
    madeAt > 0 && modules.filter((path) => path.endsWith('.js')).every((path) => modifiedAt(path) <= madeAt)
  );
}

/** The bundle that the build made; bundled now, which takes seconds, where there is none or an old one. */
export async function loadWorkflowBundle(): Promise<WorkflowBundle> {
  return isFresh() ? { codePath: BUNDLE_PATH } : { code: await makeBundle() };
}

/** Writes the bundle beside the compiled code: whole, or not at all. */
export async function buildWorkflowBundle(): Promise<void> {
  const draft = `${BUNDLE_PATH}.${process.pid}`;
  await writeFile(draft, await makeBundle());
  await rename(draft, BUNDLE_PATH);
}

if (require.main === module) void buildWorkflowBundle();
