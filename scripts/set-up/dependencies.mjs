import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from './paths.mjs';
import { runChecked } from './run.mjs';

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * What package-lock.json asks for and node_modules lacks, as npm itself noted it after its last
 * complete run. Packages of other platforms may be absent.
 */
export function missingPackages(root) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const present = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages ?? {};
  return Object.entries(wanted)
    .filter(([path, entry]) => path !== '' && !entry.optional && !entry.link)
    .filter(
      ([path, entry]) =>
        present[path]?.version !== entry.version || !existsSync(join(root, path, 'package.json')),
    )
    .map(([path]) => path);
}

/** The machine's own npm and Node: node_modules/.bin is about to be replaced. */
function outerEnvironment() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const own = join(ROOT, 'node_modules');
  return { ...process.env, PATH: folders.filter((folder) => !folder.startsWith(own)).join(delimiter) };
}

/** npm links the programs of dependencies, not those of the package itself: `npx tidemark` needs this. */
function linkOwnProgram() {
  const link = join(ROOT, 'node_modules', '.bin', 'tidemark');
  try {
    if (lstatSync(link).isSymbolicLink() && existsSync(link)) return;
  } catch {
    // Not there yet.
  }
  rmSync(link, { force: true });
  symlinkSync(join('..', '..', 'bin', 'tidemark.mjs'), link);
}

export async function installDependencies(say) {
  const complete = missingPackages(ROOT).length === 0;
  if (!complete) {
    say('npm ci');
    await runChecked(['npm', 'ci', '--include=dev', '--no-progress'], {
      cwd: ROOT,
      env: outerEnvironment(),
      failure: 'npm ci failed',
    });
  }
  linkOwnProgram();
  return complete ? 'already there' : 'done';
}
